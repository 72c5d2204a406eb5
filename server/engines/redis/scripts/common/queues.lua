-- Queues. A message is a field of messages:<q>; its place is its number in the order of the queue (`order`), or its number
-- in held:<node>:<q>.
--
-- What a script does to a queue is gathered in a record and written by `closeQueues`, once for all its groups.

local touched, touchedInOrder = {}, {}

local function isTemporary(name) return string.sub(name, 1, 5) == 'temp:' end

local function openQueue(name)
  local q = touched[name]
  if q then return q end
  q = {
    name = name, isTemporary = isTemporary(name),
    ready = P .. 'ready:' .. name, messages = P .. 'messages:' .. name, attempts = P .. 'attempts:' .. name,
    counts = P .. 'counts:' .. name, waiting = P .. 'waiting:' .. name, nudged = P .. 'nudged:' .. name, terms = P .. 'terms:' .. name,
    scheduled = P .. 'scheduled:' .. name, values = P .. 'values:' .. name, gapsKey = P .. 'gaps:' .. name,
    expiry = P .. 'expiry:' .. name, dead = P .. 'dead:' .. name,
    -- numbers put back to their places, for choosy nodes
    back = {},
    -- gathered changes
    puts = {}, tail = {}, tails = {}, newTerms = {}, newEnds = {}, returned = {}, postponed = {}, drops = {}, isDropped = {}, letGo = {}, counted = {}, countedAs = {},
    keyed = {}, fresh = {}, replaced = {},
    readyDelta = 0, parkedDelta = 0, scheduledDelta = 0, bytesDelta = 0, woken = 0, hadDrops = false,
  }
  touched[name] = q
  touchedInOrder[#touchedInOrder + 1] = q
  return q
end

local function ranksKey(q) return P .. 'ranks:' .. q.name end
local function heldKey(node, q) return P .. 'held:' .. node .. ':' .. q.name end

-- A stored message begins with what it counts in byte caps; what was cut short counts nothing.
local function bytesOf(stored) return #stored >= 4 and struct.unpack('<I4', stored) or 0 end

-- Behind that stands its record: it begins with a version and flags, of which one says that it has terms. Then comes the
-- priority, at 11 when it expires and at 19 when it is due. (`broker/message-record.ts`)
local TERMS = 4
local function hasTerms(stored) return math.floor((string.byte(stored, 6) or 0) / TERMS) % 2 == 1 end

-- Others come into being with their first message.
local function temporaryExists(q)
  if q.isThere == nil then q.isThere = call('SISMEMBER', P .. 'queues', q.name) == 1 end
  return q.isThere
end

local nextNumber
do

-- Numbers grow over all queues and are never used again. Temporary ones are counted apart, without replication.
local numbers = {}
function nextNumber(q, expected)
  local key = P .. (q.isTemporary and 'seq:temporary' or 'seq')
  local range = numbers[key]
  if not range or range.next > range.last then
    replicate(not q.isTemporary)
    local last = call('INCRBY', key, expected)
    range = { next = last - expected + 1, last = last }
    numbers[key] = range
  end
  local number = range.next
  range.next = number + 1
  return string.format('%.0f', number)
end

end

-- In `last-values`.
local hasValues, putValue, valueKeyOf, isOutdated, placeValues, forgetValues

-- Not before then, whether it comes for the first time or back.
local function postpone(q, seq, dueAt)
  q.postponed[seq] = dueAt
  q.scheduledDelta = q.scheduledDelta + 1
end

local function makeReady(q)
  q.readyDelta = q.readyDelta + 1
  q.woken = q.woken + 1
end

local function putWithTerms(q, seq, stored)
  local priority, expiresAt, dueAt = tostring(string.byte(stored, 7)), struct.unpack('<dd', stored, 16)
  local ends, group = string.format('%.0f', expiresAt), groupOf(stored)
  if priority ~= USUAL or expiresAt ~= 0 or group ~= '' then
    q.newTerms[#q.newTerms + 1] = seq
    q.newTerms[#q.newTerms + 1] = priority .. ' ' .. ends .. (group == '' and '' or ' ' .. group)
  end
  if expiresAt ~= 0 then
    q.newEnds[#q.newEnds + 1] = ends
    q.newEnds[#q.newEnds + 1] = seq
  end
  local key, isScheduled = valueKeyOf(stored), dueAt > now()
  if key then putValue(q, seq, key, priority, bytesOf(stored), isScheduled) end
  if isScheduled then
    return postpone(q, seq, string.format('%.0f', dueAt))
  end
  makeReady(q)
  -- Then it has its place.
  if key then return end
  if priority == USUAL then
    q.tail[#q.tail + 1] = seq
  else
    q.tails[priority] = q.tails[priority] or {}
    table.insert(q.tails[priority], seq)
  end
end

local function put(q, stored, expected)
  if q.isTemporary and not temporaryExists(q) then return end
  local seq = nextNumber(q, expected)
  q.puts[#q.puts + 1] = seq
  q.puts[#q.puts + 1] = stored
  if hasTerms(stored) then
    putWithTerms(q, seq, stored)
  else
    q.tail[#q.tail + 1] = seq
    makeReady(q)
  end
  q.bytesDelta = q.bytesDelta + bytesOf(stored)
  return seq
end

-- Octets of a message that `node` holds; false if it does not.
local function heldBytes(q, node, seq)
  if q.letGo[seq] then return false end
  return call('HGET', heldKey(node, q), seq)
end

-- The same for each number from one place of ARGV to another; false for those it does not hold.
local function heldOctets(q, node, from, to)
  local octets = {}
  for at = from, to, CHUNK do
    for _, each in ipairs(call('HMGET', heldKey(node, q), unpack(ARGV, at, math.min(at + CHUNK - 1, to)))) do octets[#octets + 1] = each end
  end
  return octets
end

local function drop(q, seq, bytes)
  q.drops[#q.drops + 1] = seq
  q.isDropped[seq] = true
  q.hadDrops = true
  q.bytesDelta = q.bytesDelta - bytes
end

local function letGo(q, node, seq)
  q.letGo[seq] = node
  q.lettingGo = true
end

-- Failures, recoveries, and what stands behind them: how many messages before this one a durable subscription has missed.
local function readAttempts(text)
  if not text then return 0, 0, '' end
  local failures, recoveries, missed = string.match(text, '^(%d+) (%d+)(.*)$')
  return tonumber(failures), tonumber(recoveries), missed
end

local function countAttempt(q, seq, reason)
  if reason == 'undelivered' then return end
  q.counted[#q.counted + 1] = seq
  q.countedAs[seq] = reason
end

local function writeAttempts(q)
  for from = 1, #q.counted, CHUNK do
    local written = {}
    local known = call('HMGET', q.attempts, unpack(q.counted, from, math.min(from + CHUNK - 1, #q.counted)))
    for i, text in ipairs(known) do
      local seq = q.counted[from + i - 1]
      local failures, recoveries, missed = readAttempts(text)
      if q.countedAs[seq] == 'nack' then failures = failures + 1 else recoveries = recoveries + 1 end
      written[#written + 1] = seq
      written[#written + 1] = failures .. ' ' .. recoveries .. missed
    end
    callMany('HSET', q.attempts, written)
  end
end

-- `dueAt`: ms since the epoch before which nobody gets it again; left out or in the past, it is at rest at once.
local function giveBack(q, node, seq, reason, dueAt)
  if isOutdated(q, seq) then
    drop(q, seq, tonumber(call('HGET', heldKey(node, q), seq) or 0))
    letGo(q, node, seq)
    return
  end
  letGo(q, node, seq)
  if dueAt and tonumber(dueAt) > now() then
    postpone(q, seq, dueAt)
  else
    q.returned[#q.returned + 1] = seq
    makeReady(q)
  end
  countAttempt(q, seq, reason)
end

-- Members, and those of which something may be left.
local holders
local function allHolders()
  if not holders then
    holders = call('ZRANGE', NODES, 0, -1)
    for _, node in ipairs(call('SMEMBERS', P .. 'dying')) do holders[#holders + 1] = node end
  end
  return holders
end

-- Whoever holds nothing of the queue now will not before the script ends.
local function isHeldByAnyone(q, seq)
  if not q.holders then
    q.holders = {}
    for _, node in ipairs(allHolders()) do
      if call('EXISTS', heldKey(node, q)) == 1 then q.holders[#q.holders + 1] = node end
    end
  end
  for _, node in ipairs(q.holders) do
    if q.letGo[seq] ~= node and call('HEXISTS', heldKey(node, q), seq) == 1 then return true end
  end
  return false
end

-- Takes a number from those that are scheduled; false if it is not one of them.
local function unschedule(q, seq)
  if q.postponed[seq] then
    q.postponed[seq] = nil
    return true
  end
  if q.hasScheduled == nil then q.hasScheduled = scheduledCount(q) > 0 end
  return q.hasScheduled and call('ZREM', q.scheduled, seq) == 1
end

-- The same for the dead.
local function takeDead(q, seq)
  if q.hasDead == nil then q.hasDead = tonumber(call('HGET', q.counts, 'dead') or 0) > 0 end
  return q.hasDead and call('ZREM', q.dead, seq) == 1
end

-- Takes a message that is at rest, scheduled or dead, away; its place becomes a tombstone. False if it is gone or held.
local function dropAtRest(q, seq)
  if q.isDropped[seq] then return false end
  local stored = call('HGET', q.messages, seq)
  if not stored or isHeldByAnyone(q, seq) then return false end
  drop(q, seq, bytesOf(stored))
  if takeDead(q, seq) then
    call('HINCRBY', q.counts, 'dead', -1)
  elseif unschedule(q, seq) then
    q.scheduledDelta = q.scheduledDelta - 1
  else
    q.readyDelta = q.readyDelta - 1
  end
  return true
end

-- False if nobody heard: that node is gone. (In a cluster the server only knows of its own listeners.)
local function nudge(q, node) return call('PUBLISH', P .. 'inbox:' .. node, 'q' .. q.name) > 0 end

-- A node does not wait any more.
local function forgetWaiting(q, node)
  replicate(false)
  call('ZREM', q.waiting, node)
  call('ZREM', q.nudged, node)
  call('HDEL', ranksKey(q), node)
end

-- Who was told comes to claim within so long, or is not counted on any more.
local ANSWER_MS = 500

-- How many other members were told a moment ago and have not come yet; this one has.
local function nudgedBeside(q, node)
  local count = 0
  for _, each in ipairs(call('ZRANGEBYSCORE', q.nudged, string.format('%.0f', now() - ANSWER_MS), '+inf')) do
    if each == node then
      call('ZREM', q.nudged, node)
    elseif call('ZSCORE', NODES, each) then
      count = count + 1
    end
  end
  return count
end

-- Waiting nodes are told, one for each message that became ready, the longest waiting first (`ranks`), and all choosy ones,
-- unless it is `old` news to them: hints, so nobody counts on them.
local function wake(q, count, old)
  replicate(false)
  local nudged, isChoosy = {}, false
  while count > 0 do
    local waiting = call('ZPOPMIN', q.waiting)
    if #waiting == 0 then break end
    if waiting[1] == choosy.ALL then
      isChoosy = true
    elseif nudge(q, waiting[1]) then
      count = count - 1
      nudged[#nudged + 1] = string.format('%.0f', now())
      nudged[#nudged + 1] = waiting[1]
    end
  end
  if isChoosy then
    call('ZADD', q.waiting, '-inf', choosy.ALL)
    if not old then choosy.tell(q) end
  end
  if #nudged == 0 then return end
  callMany('ZADD', q.nudged, nudged)
  call('PEXPIRE', q.nudged, ANSWER_MS)
end

-- A node does not wait (any more): whoever waits behind it hears of what it was told of.
local function stopWaiting(q, node)
  forgetWaiting(q, node)
  local ready = tonumber(call('HGET', q.counts, 'ready') or 0)
  if ready > 0 then wake(q, ready, true) end
  -- The next one sets its clock by what is scheduled.
  if ready <= 0 and scheduledCount(q) > 0 then wake(q, 1, true) end
  replicate(not q.isTemporary)
end

-- Of what is due earlier than all before, a waiting node is told, which then sets its clock by it.
local function writePostponed(q)
  local before, added = untilDue(q), {}
  for seq, dueAt in pairs(q.postponed) do
    added[#added + 1] = dueAt
    added[#added + 1] = seq
  end
  callMany('ZADD', q.scheduled, added)
  local after = untilDue(q)
  if not before or after < before then q.woken = q.woken + 1 end
end

-- What came back may expire again. What came for the first time is known to.
local function watchReturned(q)
  if not usesTerms(q) or not usesExpiry(q) then return end
  local back = {}
  for _, seq in ipairs(q.returned) do back[#back + 1] = seq end
  for seq in pairs(q.postponed) do back[#back + 1] = seq end
  local _, _, ends = readTerms(q, back)
  for _, seq in ipairs(back) do
    if ends[seq] and not q.isDropped[seq] then
      q.newEnds[#q.newEnds + 1] = ends[seq]
      q.newEnds[#q.newEnds + 1] = seq
    end
  end
end

local function keysBeside(q)
  local keys = orderKeys(q)
  keys[#keys + 1] = q.counts
  keys[#keys + 1] = q.attempts
  keys[#keys + 1] = q.values
  return keys
end

local function forget(q)
  if usesExpiry(q) then call('ZREM', P .. 'expiries', q.name) end
  callMany('UNLINK', q.messages, keysBeside(q))
  if not q.isTemporary then call('SREM', P .. 'queues', q.name) end
  forgetOrder(q)
end

-- Writes what was gathered for one queue; the record is then as new.
local function closeQueue(q, node)
  replicate(not q.isTemporary)
  if #q.puts > 0 then
    if not q.isTemporary then call('SADD', P .. 'queues', q.name) end
    callMany('HSET', q.messages, q.puts)
    callMany('RPUSH', q.ready, q.tail)
  end
  if #q.newTerms > 0 then
    for i = 2, #q.newTerms, 2 do
      notePriority(q, string.sub(q.newTerms[i], 1, 1))
      if string.find(q.newTerms[i], '^%d %d+ ') then noteGroups(q) end
    end
    for priority, tail in pairs(q.tails) do callMany('RPUSH', readyKey(q, priority), tail) end
    callMany('HSET', q.terms, q.newTerms)
  end
  if #q.returned > 0 or next(q.postponed) then watchReturned(q) end
  if #q.newEnds > 0 then watchExpiry(q, q.newEnds) end
  if next(q.postponed) then writePostponed(q) end
  if next(q.keyed) or next(q.replaced) then placeValues(q) end
  if #q.returned > 0 then putAllInPlace(q, q.returned) end
  if #q.counted > 0 then writeAttempts(q) end
  if q.lettingGo then
    local byNode = {}
    for seq, holder in pairs(q.letGo) do
      byNode[holder] = byNode[holder] or {}
      table.insert(byNode[holder], seq)
    end
    for holder, seqs in pairs(byNode) do callMany('HDEL', heldKey(holder, q), seqs) end
  end
  local isPlain = #q.drops > 0 and call('EXISTS', q.attempts, q.terms, q.gapsKey) == 0
  if isPlain then q.usesTerms, q.usesGaps = false, false end
  if not isPlain and (q.lettingGo or #q.drops > 0) and usesGroups(q) then leaveGroups(q) end
  if #q.drops > 0 then
    callMany('HDEL', q.messages, q.drops)
    if not isPlain then
      callMany('HDEL', q.attempts, q.drops)
      if hasValues(q) then forgetValues(q, q.drops) end
      callMany('HDEL', q.terms, q.drops)
      if usesExpiry(q) then callMany('ZREM', q.expiry, q.drops) end
      if gaps.areUsed(q) then callMany('SREM', q.gapsKey, q.drops) end
    end
  end
  if q.groups then writeGroups(q) end
  if q.readyDelta ~= 0 then call('HINCRBY', q.counts, 'ready', q.readyDelta) end
  if q.parkedDelta ~= 0 then call('HINCRBY', q.counts, 'parked', q.parkedDelta) end
  if q.scheduledDelta ~= 0 then call('HINCRBY', q.counts, 'scheduled', q.scheduledDelta) end
  if q.bytesDelta ~= 0 then call('HINCRBY', q.counts, 'bytes', q.bytesDelta) end
  if q.hadDrops and call('EXISTS', q.messages) == 0 then forget(q) end
  if q.lettingGo and node and call('EXISTS', heldKey(node, q)) == 0 and not call('ZSCORE', q.waiting, node) then
    call('SREM', P .. 'busy:' .. node, q.name)
  end
  if q.woken > 0 then wake(q, q.woken) end
  q.puts, q.tail, q.tails, q.newTerms, q.newEnds, q.returned, q.postponed = {}, {}, {}, {}, {}, {}, {}
  q.drops, q.letGo, q.counted, q.countedAs = {}, {}, {}, {}
  q.back = {}
  q.keyed, q.fresh, q.replaced = {}, {}, {}
  q.parkedDelta, q.hasParked, q.hasScheduled, q.hasDead = 0, nil, nil, nil
  q.readyDelta, q.scheduledDelta, q.bytesDelta, q.woken, q.hadDrops, q.lettingGo = 0, 0, 0, 0, false, false
end

local function closeQueues(node)
  for _, q in ipairs(touchedInOrder) do closeQueue(q, node) end
end

-- Removes a queue with all its messages, whoever holds them. A temporary one has nobody left to wait for it, and belongs to
-- nobody: not to a dying incarnation of its node either, which would take its successor of the same name along.
local function removeQueue(q)
  replicate(true)
  local keys = keysBeside(q)
  if q.isTemporary then
    keys[#keys + 1] = q.waiting
    keys[#keys + 1] = q.nudged
    keys[#keys + 1] = ranksKey(q)
    keys[#keys + 1] = choosy.key(q)
  end
  for _, node in ipairs(allHolders()) do
    keys[#keys + 1] = heldKey(node, q)
    if q.isTemporary then call('SREM', P .. 'temporary:' .. node, q.name) end
    if q.isTemporary or not call('ZSCORE', q.waiting, node) then call('SREM', P .. 'busy:' .. node, q.name) end
  end
  callMany('UNLINK', q.messages, keys)
  call('ZREM', P .. 'expiries', q.name)
  call('SREM', P .. 'queues', q.name)
  forgetOrder(q)
  q.isThere = false
end
