-- Last values: of the messages of a queue with the same key at most one is at rest, the newest. values:<q> has for each key the
-- number of the newest message with it (`=<key>`), and for each number its key. Their order is among the latecomers, where
-- one can be taken out of the middle. `values` in terms:<q> says that there are any, so that a queue without pays nothing.

function hasValues(q)
  if q.hasValues == nil then q.hasValues = usesTerms(q) and call('HEXISTS', q.terms, 'values') == 1 end
  return q.hasValues
end

-- Seven bits an octet, low ones first; also where the next begins.
local function readLength(text, at)
  local length, unit = 0, 1
  while true do
    local octet = string.byte(text, at) or 0
    at = at + 1
    length = length + (octet % 128) * unit
    if octet < 128 then return length, at end
    unit = unit * 128
  end
end

-- Records of format 2 have a key, behind four other texts. The record begins at the fifth octet.
function valueKeyOf(stored)
  if string.byte(stored, 5) ~= 2 then return end
  local count, at = readLength(stored, 40)
  local before, length, bytes = 0, 0, 0
  for i = 1, count do
    bytes, at = readLength(stored, at)
    if i <= 4 then before = before + bytes elseif i == 5 then length = bytes end
  end
  return string.sub(stored, at + before, at + before + length - 1)
end

-- Unless it is gone, or goes with this script.
local function newestOf(q, key)
  local newest = call('HGET', q.values, '=' .. key)
  return newest and not q.isDropped[newest] and newest
end

-- Makes way for a newer one with its key, if it is at rest.
local function dropReplaced(q, seq)
  local fresh = q.fresh[seq]
  if fresh then
    drop(q, seq, fresh.bytes)
    if unschedule(q, seq) then
      q.scheduledDelta = q.scheduledDelta - 1
    else
      q.readyDelta = q.readyDelta - 1
    end
  elseif not dropAtRest(q, seq) then
    return
  end
  local priority = fresh and fresh.priority or string.sub(call('HGET', q.terms, seq) or USUAL, 1, 1)
  q.replaced[priority] = q.replaced[priority] or {}
  table.insert(q.replaced[priority], seq)
end

function putValue(q, seq, key, priority, bytes, isScheduled)
  replicate(not q.isTemporary)
  local newest = hasValues(q) and newestOf(q, key)
  if newest then dropReplaced(q, newest) end
  call('HSET', q.terms, 'values', '1')
  q.usesTerms, q.hasValues = true, true
  call('HSET', q.values, '=' .. key, seq, seq, key)
  q.fresh[seq] = { bytes = bytes, priority = priority }
  if isScheduled then return end
  q.keyed[priority] = q.keyed[priority] or {}
  table.insert(q.keyed[priority], seq)
end

-- A message that comes back: true if it cannot, since a newer one is there. An older one at rest makes way for it.
function isOutdated(q, seq)
  local key = hasValues(q) and call('HGET', q.values, seq)
  if not key then return false end
  local newest = newestOf(q, key)
  if newest and tonumber(newest) > tonumber(seq) then return true end
  replicate(not q.isTemporary)
  if newest and newest ~= seq then dropReplaced(q, newest) end
  call('HSET', q.values, '=' .. key, seq)
  return false
end

-- What was gathered goes to its places.
function placeValues(q)
  for priority, seqs in pairs(q.keyed) do
    notePriority(q, priority)
    addLate(q, priority, seqs, 1)
  end
  for priority, seqs in pairs(q.replaced) do callMany('ZREM', lateKey(q, priority), seqs) end
end

function forgetValues(q, seqs)
  for from = 1, #seqs, CHUNK do
    local to = math.min(from + CHUNK - 1, #seqs)
    for i, key in ipairs(call('HMGET', q.values, unpack(seqs, from, to))) do
      local seq = seqs[from + i - 1]
      if key and call('HGET', q.values, '=' .. key) == seq then call('HDEL', q.values, '=' .. key) end
    end
    call('HDEL', q.values, unpack(seqs, from, to))
  end
end
