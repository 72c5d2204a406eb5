-- Durable subscriptions. Each is a queue (`queues`) that is filled from a log, by whoever claims, as far as he wants:
--
--     durable:<name>            a hash: pattern, epoch (of its log), cursor (the last offset looked at), missed (so many had
--                               been forgotten, and nobody was told), picky (0, 1: a node has to look at each message),
--                               shared (0, 1), node (who holds it, if it is not shared), expire (ms), unused (since; 0 =
--                               it is held), terms (JSON)
--     holders:<name>            a hash: holder -> member
--     durables:<member>         the names of those that it holds, for its reaper
--     durable-log:<pattern>     a hash: epoch, last (offset), end (octets of all there ever were), floor (what is below was
--                               forgotten), maxMessages, maxBytes, maxAgeMs
--     durable-stream:<pattern>  a stream: `<offset>-<ms>` -> r (as a queue stores it), e (`end`, up to this one)
--     cursors:<pattern>         a sorted set: name -> cursor
--     hungry:<pattern>          members to be told of the next message
--     durables, unused          all names; those that nobody holds -> when they end
--
-- A log is an addressee of its pattern in the table of wildcards, as a node is: `+<pattern> <pattern>`, the first without
-- blanks. So publishing costs one entry for each pattern, however many subscriptions there are.

-- No other queue has a name like these.
local function mayBeDurable(name) return string.sub(name, 1, 4) == 'sub:' or string.sub(name, 1, 9) == 'Consumer.' end

local function addresseeOf(pattern)
  return '+' .. string.gsub(pattern, '[%% ]', function(letter) return string.format('%%%02X', string.byte(letter)) end) .. ' ' .. pattern
end

local function durableKey(name) return P .. 'durable:' .. name end

local durables = {}
-- False for a queue that is none of a durable subscription.
local function openDurable(name)
  if durables[name] == nil then
    local pattern, cursor, missed, picky, shared, node, expire = unpack(call('HMGET', durableKey(name), 'pattern', 'cursor', 'missed', 'picky', 'shared', 'node', 'expire'))
    durables[name] = pattern and {
      name = name, pattern = pattern, cursor = tonumber(cursor), missed = tonumber(missed), isPicky = picky == '1',
      isShared = shared == '1', node = node, expire = tonumber(expire),
    }
  end
  return durables[name]
end

local logs, logsInOrder = {}, {}
-- False for one that is not there (any more).
local function openLog(pattern)
  if logs[pattern] == nil then
    local epoch, last, ended, floor, maxMessages, maxBytes, maxAgeMs =
      unpack(call('HMGET', P .. 'durable-log:' .. pattern, 'epoch', 'last', 'end', 'floor', 'maxMessages', 'maxBytes', 'maxAgeMs'))
    local log = epoch and {
      pattern = pattern, key = P .. 'durable-log:' .. pattern, stream = P .. 'durable-stream:' .. pattern, epoch = epoch,
      last = tonumber(last), ended = tonumber(ended), floor = tonumber(floor),
      maxMessages = tonumber(maxMessages), maxBytes = tonumber(maxBytes), maxAgeMs = tonumber(maxAgeMs), added = 0,
    }
    logs[pattern] = log
    if log then logsInOrder[#logsInOrder + 1] = log end
  end
  return logs[pattern]
end

local function number(value) return string.format('%.0f', value) end

local keep
do

-- What a message counts in byte caps, from its record (`broker/message-record.ts`), which begins at a place of a text.
local OBJECT_BYTES = 400
local function countedBytes(text, at)
  local body, texts = struct.unpack('<I4I4', text, at + 27)
  local place = at + 35
  local function length()
    local value, factor = 0, 1
    while true do
      local octet = string.byte(text, place)
      place = place + 1
      value = value + (octet % 128) * factor
      factor = factor * 128
      if octet < 128 then return value end
    end
  end
  length()
  return body + OBJECT_BYTES + texts - length() - length() - length() - length()
end

-- `entry`: as inboxes get it, without a position.
function keep(pattern, entry)
  local log = openLog(pattern)
  if not log then return end
  local at = 8 + struct.unpack('<I2', entry, 6)
  local bytes = countedBytes(entry, at)
  log.last, log.ended, log.added = log.last + 1, log.ended + bytes, log.added + 1
  replicate(true)
  call('XADD', log.stream, number(log.last) .. '-' .. number(now()), 'r', struct.pack('<I4', bytes) .. string.sub(entry, at), 'e', number(log.ended))
end

end

local function offsetOf(id) return tonumber(string.match(id, '^(%d+)')) end

local trimByBounds, trimPassed
do

-- Let go of in one step, beside as many as came: the rest goes with the next steps.
local TRIMMED_AT_ONCE = 1000

local function dropBelow(log, floor)
  if floor <= log.floor then return end
  log.floor = floor
  call('XTRIM', log.stream, 'MINID', number(floor) .. '-0')
  call('HSET', log.key, 'floor', number(floor))
end

-- Forgets the oldest that are beyond octets or age: each step brings some and takes more.
local function trimByReading(log)
  local count = math.max(16, 2 * log.added)
  local oldest = log.maxAgeMs > 0 and now() - log.maxAgeMs
  local entries = call('XRANGE', log.stream, '-', '+', 'COUNT', math.min(count, 64))
  local floor = log.floor
  for _, entry in ipairs(entries) do
    local offset, stored = offsetOf(entry[1]), entry[2][2]
    local bytes = log.ended - tonumber(entry[2][4]) + bytesOf(stored)
    local isOver = log.maxBytes > 0 and bytes > log.maxBytes and offset < log.last
    if not isOver and not (oldest and tonumber(string.match(entry[1], '-(%d+)$')) <= oldest) then break end
    floor = offset + 1
  end
  local isDone = floor - log.floor < #entries or #entries == 0
  dropBelow(log, floor)
  return isDone
end

-- Forgets what the bounds of a log do not let it keep.
function trimByBounds(log)
  replicate(true)
  if log.maxMessages > 0 then dropBelow(log, math.min(log.last - log.maxMessages + 1, log.floor + log.added + TRIMMED_AT_ONCE)) end
  if log.maxBytes > 0 or log.maxAgeMs > 0 then
    for _ = 1, 8 + log.added / 32 do
      if trimByReading(log) then return end
    end
  end
end

-- Forgets what all have passed.
function trimPassed(log)
  local lowest = call('ZRANGE', P .. 'cursors:' .. log.pattern, 0, 0, 'WITHSCORES')[2]
  if lowest then dropBelow(log, math.min(tonumber(lowest) + 1, log.floor + TRIMMED_AT_ONCE)) end
end

end

-- Writes what was kept; tells who waits for it.
local function closeLogs()
  for _, log in ipairs(logsInOrder) do
    if log.added > 0 then
      replicate(true)
      call('HSET', log.key, 'last', number(log.last), 'end', number(log.ended))
      trimByBounds(log)
      replicate(false)
      local hungry = call('SMEMBERS', P .. 'hungry:' .. log.pattern)
      if #hungry > 0 then call('DEL', P .. 'hungry:' .. log.pattern) end
      for _, node in ipairs(hungry) do call('PUBLISH', P .. 'inbox:' .. node, 'l' .. log.pattern) end
      log.added = 0
    end
  end
end

local function moveCursor(d, log, cursor, missed)
  replicate(true)
  d.cursor, d.missed = cursor, missed
  call('HSET', durableKey(d.name), 'cursor', number(cursor), 'missed', number(missed))
  call('ZADD', P .. 'cursors:' .. d.pattern, number(cursor), d.name)
  trimPassed(log)
end

-- Messages it has not looked at.
local function backlogOf(d, log) return log.last - math.max(d.cursor, log.floor - 1) end

-- Steps over up to so many messages that nobody has looked at; tells how many.
local function stepOver(name, limit)
  local d = openDurable(name)
  local log = d and openLog(d.pattern)
  if not log then return 0 end
  trimByBounds(log)
  local cursor, count = math.max(d.cursor, log.floor - 1), math.min(limit, backlogOf(d, log))
  moveCursor(d, log, cursor + count, d.missed + cursor - d.cursor)
  return count
end

-- From so far on: id, stored, id, stored, …
local function readOn(log, after, count)
  local found = {}
  for _, entry in ipairs(call('XRANGE', log.stream, number(after + 1) .. '-0', '+', 'COUNT', count)) do
    found[#found + 1] = entry[1]
    found[#found + 1] = entry[2][2]
  end
  return found
end

-- Puts a message of its log into its queue. One that was kept before this epoch of the store may have been delivered.
local function take(q, id, stored, missed, expected)
  local seq = put(q, stored, expected)
  local epoch = tonumber(call('HGET', P .. 'store', 'epoch') or 0)
  local isSuspect = tonumber(string.match(id, '-(%d+)$')) < epoch
  if isSuspect or missed > 0 then
    q.gaps = q.gaps or {}
    q.gaps[#q.gaps + 1] = seq
    q.gaps[#q.gaps + 1] = '0 ' .. (isSuspect and 1 or 0) .. (missed > 0 and ' ' .. number(missed) or '')
  end
end

local function closeTaken(q, node)
  -- Who takes them has come for them.
  q.woken = 0
  closeQueue(q, node)
  if q.gaps then callMany('HSET', q.attempts, q.gaps) end
  q.gaps = nil
end

-- Fills its queue until so many rest there or so many octets came, where nothing has to be looked at.
local function fill(q, d, want, maxBytes)
  local log = openLog(d.pattern)
  if not log or d.isPicky then return end
  trimByBounds(log)
  local room, wanted = math.max(1, maxBytes), want - tonumber(call('HGET', q.counts, 'ready') or 0)
  if wanted <= 0 or backlogOf(d, log) <= 0 then return end
  local cursor = math.max(d.cursor, log.floor - 1)
  local missed, chunk = d.missed + cursor - d.cursor, 16
  while wanted > 0 and room > 0 do
    local found = readOn(log, cursor, math.min(wanted, chunk))
    if #found == 0 then break end
    chunk = math.min(128, chunk * 2)
    for i = 1, #found, 2 do
      if wanted <= 0 or room <= 0 then break end
      take(q, found[i], found[i + 1], missed, want)
      cursor, missed, wanted, room = offsetOf(found[i]), 0, wanted - 1, room - bytesOf(found[i + 1])
    end
  end
  closeTaken(q)
  moveCursor(d, log, cursor, missed)
end

-- Whose lease has lapsed and who was reaped holds nothing.
local function livingHolders(name)
  local living, all = {}, call('HGETALL', P .. 'holders:' .. name)
  for i = 1, #all, 2 do
    if call('ZSCORE', NODES, all[i + 1]) then
      living[#living + 1] = { holder = all[i], node = all[i + 1] }
    else
      call('HDEL', P .. 'holders:' .. name, all[i])
    end
  end
  return living
end

local function noteUnused(name, expire)
  call('HSET', durableKey(name), 'unused', number(now()), 'node', '')
  if expire > 0 then call('ZADD', P .. 'unused', number(now() + expire), name) end
end

-- Ends a hold; the last one leaves it unused.
local function endHold(name, holder)
  local key = P .. 'holders:' .. name
  local node = call('HGET', key, holder)
  if not node then return end
  replicate(true)
  call('HDEL', key, holder)
  local left = call('HVALS', key)
  local isElsewhere = true
  for _, each in ipairs(left) do if each == node then isElsewhere = false end end
  if isElsewhere then call('SREM', P .. 'durables:' .. node, name) end
  if #left == 0 then noteUnused(name, tonumber(call('HGET', durableKey(name), 'expire') or 0)) end
end

local function forgetLog(log)
  call('UNLINK', log.key, log.stream, P .. 'cursors:' .. log.pattern, P .. 'hungry:' .. log.pattern)
  changeWildcard(false, addresseeOf(log.pattern))
  logs[log.pattern] = nil
  log.added = 0
end

-- Ends a subscription with all that is kept for it; its holders are told.
local function removeDurable(name)
  local d = openDurable(name)
  if not d then return false end
  replicate(true)
  local all = call('HGETALL', P .. 'holders:' .. name)
  for i = 1, #all, 2 do
    call('SREM', P .. 'durables:' .. all[i + 1], name)
    call('PUBLISH', P .. 'inbox:' .. all[i + 1], 'x' .. all[i] .. ' ' .. name)
  end
  local q = openQueue(name)
  removeQueue(q)
  call('UNLINK', q.waiting, durableKey(name), P .. 'holders:' .. name)
  call('SREM', P .. 'durables', name)
  call('ZREM', P .. 'unused', name)
  call('ZREM', P .. 'cursors:' .. d.pattern, name)
  local log = openLog(d.pattern)
  if log and call('EXISTS', P .. 'cursors:' .. d.pattern) == 0 then
    forgetLog(log)
  elseif log then
    trimPassed(log)
  end
  durables[name] = nil
  return true
end
