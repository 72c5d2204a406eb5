-- Messages by their numbers, wherever they rest.

-- Is it where a claim would take it?
local function isAtRest(q, seq)
  if call('HEXISTS', q.messages, seq) == 0 or isHeldByAnyone(q, seq) then return false end
  if q.hasScheduled == nil then q.hasScheduled = scheduledCount(q) > 0 end
  if q.hasScheduled and call('ZSCORE', q.scheduled, seq) then return false end
  local ends = usesExpiry(q) and call('ZSCORE', q.expiry, seq)
  if ends and tonumber(ends) <= now() or usesExpiry(q) and call('ZSCORE', q.dead, seq) then return false end
  return not (hasParked(q) and call('ZSCORE', parkedKey(q, readTerms(q, { seq })[seq] or USUAL), seq))
end

-- What has expired by now is dead before anybody looks.
local function buryFirst(q, node)
  if not usesExpiry(q) then return end
  bury(q)
  closeQueue(q, node)
end

-- Others of the group may be for whoever does not want the first one: some of them stand in the order as well.
local STANDING = 64
local function openMore(q, group)
  for _ = 1, STANDING do
    if group.open then openInPlace(q, group) end
  end
end
