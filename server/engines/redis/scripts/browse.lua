-- Shows messages at rest, from the head; claims nothing. Works in bounded bites.
--
-- KEYS     1 <P>nodes
-- ARGV     1 queue, 2 place (to begin at, as it was returned; '' = the head), 3 skip (so many messages), 4 limit (how many
--          to return)
-- RETURNS  {next place or '' at the end, how many were skipped, stored, …}
--          place: `<priority> <index in the list> <index among its latecomers> <index among its parked ones>`
-- GUARANTEE in order; what comes and goes between two bites may be missed or shown twice.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include dead

local BITE, OCTETS = 1024, 1048576
local q, skip, limit = openQueue(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local reply, skipped, bytes = { '', 0 }, 0, 0
if scheduledCount(q) > 0 then
  passMemoryLimit()
  wake(q, promote(q))
end
local counts = call('HMGET', q.counts, 'ready', 'late', 'parked')
q.late, q.hasParked = counts[2] or '', tonumber(counts[3] or 0) > 0
local all = prioritiesOf(q)

local from, fromReady, fromLate, fromParked = string.match(ARGV[2], '^(%d) (%d+) (%d+) (%d+)$')
from, fromReady, fromLate, fromParked = from or all[1], tonumber(fromReady or 0), tonumber(fromLate or 0), tonumber(fromParked or 0)

-- Without tombstones, and with one priority, places are indexes; how many latecomers stand before one is counted.
local ready, late = call('LLEN', q.ready), hasLate(q, USUAL) and call('ZCARD', lateKey(q, USUAL)) or 0
if ARGV[2] == '' and #all == 1 and not usesExpiry(q) and skip > 0 and not hasParked(q) and ready + late == tonumber(counts[1] or 0) then
  local to = math.min(skip, ready + late)
  local at = late > 0 and to > late and call('LINDEX', q.ready, to - late)
  -- As a rule all of them do.
  if late == 0 or at and call('ZCOUNT', lateKey(q, USUAL), '-inf', '(' .. at) == late then
    fromReady, fromLate, skipped = to - late, late, to
  end
end

local stepped = 0
local function isOver() return #reply - 2 >= limit or bytes > OCTETS or stepped >= BITE end

local function show(seq)
  stepped = stepped + 1
  if gaps.areUsed(q) and call('SISMEMBER', q.gapsKey, seq) == 1 then return end
  if skipped < skip and not usesExpiry(q) then
    skipped = skipped + call('HEXISTS', q.messages, seq)
    return
  end
  local stored = call('HGET', q.messages, seq)
  if not stored or isExpired(stored) then return end
  if skipped < skip then
    skipped = skipped + 1
    return
  end
  reply[#reply + 1] = stored
  bytes = bytes + #stored
end

-- Shows what a priority has from here on; tells the place where it stopped, if it did.
local function showFrom(priority)
  local seqs, inList, inLate, inParked = listAtRest(q, priority, fromReady, fromLate, fromParked, BITE)
  for i, seq in ipairs(seqs) do
    if isOver() then
      seqs, inList, inLate, inParked = listAtRest(q, priority, fromReady, fromLate, fromParked, i - 1)
      break
    end
    show(seq)
  end
  if isOver() then return string.format('%s %d %d %d', priority, fromReady + inList, fromLate + inLate, fromParked + inParked) end
end

local isReached = false
for _, priority in ipairs(all) do
  isReached = isReached or priority == from
  if isReached then
    local place = showFrom(priority)
    if place then
      reply[1] = place
      break
    end
    fromReady, fromLate, fromParked = 0, 0, 0
  end
end
reply[2] = skipped
return reply
