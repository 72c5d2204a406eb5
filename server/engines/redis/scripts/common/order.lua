-- The order of a queue: which numbers are at rest in it, by priority from 9 down to 0, and within one upwards.
--
--     ready:<q>     3  7  8  12  13      a list, ascending: as they came, and at either end what came back and fits there
--     late:<q>        5  10              a sorted set: latecomers, which would stand in the middle of the list
--     ready7:<q>, late7:<q>              the same for priority 7; without a figure it is the usual one
--
-- The first of a priority is the lower of both heads, so putting, taking and giving back cost the same however deep the
-- queue is. A number whose message is gone is a tombstone, and whoever meets it steps over it; one whose message is held is a
-- gap (`gaps`).
--
-- Not at rest yet are those of scheduled:<q>, a sorted set by when they are due; whoever looks at the queue puts what is due
-- by then in its place.
--
-- What is unusual is noted, so that a queue without it pays nothing: `late` of counts:<q> names the priorities that have
-- latecomers (`47`), its `scheduled` and `dead` count those. terms:<q> has a field for each message that is not plain: its
-- priority, when it expires (0 = never) and its group. It is there as long as the queue: its `priorities` are all that there
-- were, but for the usual one, and `expiring` says that some were to expire.

local USUAL = '4'

local function readyKey(q, priority) return priority == USUAL and q.ready or P .. 'ready' .. priority .. ':' .. q.name end
local function lateKey(q, priority) return P .. 'late' .. (priority == USUAL and '' or priority) .. ':' .. q.name end

local function parkedKey(q, priority) return P .. 'parked' .. (priority == USUAL and '' or priority) .. ':' .. q.name end

local function usesTerms(q)
  if q.usesTerms == nil then gaps.findUses(q) end
  return q.usesTerms
end

local function readUse(q)
  if q.priorities then return end
  local use = usesTerms(q) and call('HMGET', q.terms, 'priorities', 'expiring') or {}
  q.priorities, q.usesExpiry = use[1] or '', use[2] ~= nil and use[2] ~= false
end

-- Those other than the usual one.
local function otherPriorities(q)
  readUse(q)
  return q.priorities
end

local function usesExpiry(q)
  readUse(q)
  return q.usesExpiry
end

local function notePriority(q, priority)
  if priority == USUAL or string.find(otherPriorities(q), priority, 1, true) then return end
  q.priorities = q.priorities .. priority
  call('HSET', q.terms, 'priorities', q.priorities)
  q.usesTerms = true
end

-- In the order of claims.
local function prioritiesOf(q)
  local others = otherPriorities(q)
  if others == '' then return { USUAL } end
  local all = {}
  for each = 9, 0, -1 do
    local priority = tostring(each)
    if priority == USUAL or string.find(others, priority, 1, true) then all[#all + 1] = priority end
  end
  return all
end

local function hasLate(q, priority)
  if not q.late then q.late = call('HGET', q.counts, 'late') or '' end
  return string.find(q.late, priority, 1, true) ~= nil
end

local function hasParked(q)
  if q.hasParked == nil then q.hasParked = tonumber(call('HGET', q.counts, 'parked') or 0) > 0 end
  return q.hasParked
end

local function noteLate(q, priority)
  if hasLate(q, priority) then return end
  q.late = q.late .. priority
  call('HSET', q.counts, 'late', q.late)
end

local function noteNoneLate(q, priority)
  q.late = string.gsub(q.late, priority, '')
  call('HSET', q.counts, 'late', q.late)
end

-- Priority, group and end of each of these numbers that is not plain; no group and no end are nil.
local function readTerms(q, seqs)
  local priorities, groups, ends = {}, {}, {}
  if not usesTerms(q) then return priorities, groups, ends end
  for from = 1, #seqs, CHUNK do
    for i, terms in ipairs(call('HMGET', q.terms, unpack(seqs, from, math.min(from + CHUNK - 1, #seqs)))) do
      if terms then
        local seq = seqs[from + i - 1]
        local priority, ending, group = string.match(terms, '^(%d) (%d+) ?(.*)$')
        priorities[seq], groups[seq], ends[seq] = priority, group ~= '' and group or nil, ending ~= '0' and ending or nil
      end
    end
  end
  return priorities, groups, ends
end

-- From now on these expire: when they do, and their numbers, in turn.
local function watchExpiry(q, ends)
  local first = tonumber(ends[1])
  for i = 3, #ends, 2 do first = math.min(first, tonumber(ends[i])) end
  if not usesExpiry(q) then
    call('HSET', q.terms, 'expiring', 1)
    q.usesTerms, q.usesExpiry = true, true
  end
  callMany('ZADD', q.expiry, ends)
  call('ZADD', P .. 'expiries', 'LT', string.format('%.0f', first), q.name)
end

-- The lowest of two rows of numbers that ascend, so many at most; how many are of the one and of the other.
local function lowestOf(one, other, count)
  local lowest, i, j = {}, 1, 1
  while #lowest < count and (one[i] or other[j]) do
    if not other[j] or (one[i] and tonumber(one[i]) < tonumber(other[j])) then
      lowest[#lowest + 1] = one[i]
      i = i + 1
    else
      lowest[#lowest + 1] = other[j]
      j = j + 1
    end
  end
  return lowest, i - 1, j - 1
end

-- Up to so many of the first numbers of a priority, in order, without taking them; how many of them stand in the list, and
-- how many are latecomers. Both begin at a place.
local function listFirst(q, priority, fromReady, fromLate, count)
  if count == 0 then return {}, 0, 0 end
  local ready = call('LRANGE', readyKey(q, priority), fromReady, fromReady + count - 1)
  if not hasLate(q, priority) then return ready, #ready, 0 end
  return lowestOf(ready, call('ZRANGE', lateKey(q, priority), fromLate, fromLate + count - 1), count)
end

-- Takes them out of the order.
local function popFirst(q, priority, count)
  if not hasLate(q, priority) then return call('LPOP', readyKey(q, priority), count) or {} end
  local first, fromReady, fromLate = listFirst(q, priority, 0, 0, count)
  if fromReady > 0 then call('LPOP', readyKey(q, priority), fromReady) end
  if fromLate > 0 then call('ZREMRANGEBYRANK', lateKey(q, priority), 0, fromLate - 1) end
  if fromLate < #first and fromLate < count and call('EXISTS', lateKey(q, priority)) == 0 then noteNoneLate(q, priority) end
  return first
end

-- Takes them, but for gaps; none at all where there is nothing else but very many gaps.
local function takeFirst(q, priority, count)
  gaps.close(q, readyKey(q, priority))
  return gaps.without(q, popFirst(q, priority, count))
end

-- Those that were taken last, from one of them on, go back to the head.
local function untake(q, priority, seqs, from)
  local back = {}
  for i = #seqs, from, -1 do back[#back + 1] = seqs[i] end
  callMany('LPUSH', readyKey(q, priority), back)
end

local function addLate(q, priority, seqs, from)
  local late = {}
  for i = from, #seqs do
    late[#late + 1] = seqs[i]
    late[#late + 1] = seqs[i]
  end
  noteLate(q, priority)
  callMany('ZADD', lateKey(q, priority), late)
end

-- Numbers of one priority, ascending, go to their places.
local function putInPlace(q, priority, seqs)
  local ready = readyKey(q, priority)
  local tail = call('LINDEX', ready, -1)
  if not tail or tonumber(tail) < tonumber(seqs[1]) then return callMany('RPUSH', ready, seqs) end
  local head, before = tonumber(call('LINDEX', ready, 0)), 0
  while before < #seqs and tonumber(seqs[before + 1]) < head do before = before + 1 end
  local front = {}
  for i = before, 1, -1 do front[#front + 1] = seqs[i] end
  callMany('LPUSH', ready, front)
  if before < #seqs then addLate(q, priority, seqs, before + 1) end
end

local function ascending(one, other) return tonumber(one) < tonumber(other) end

-- The same for numbers of all priorities, as they come.
local function putAllInPlace(q, back)
  for _, seq in ipairs(back) do q.back[#q.back + 1] = seq end
  local seqs = gaps.without(q, back)
  table.sort(seqs, ascending)
  local priorities, byPriority = readTerms(q, seqs), {}
  for _, seq in ipairs(seqs) do
    local priority = priorities[seq] or USUAL
    byPriority[priority] = byPriority[priority] or {}
    table.insert(byPriority[priority], seq)
  end
  for priority, each in pairs(byPriority) do putInPlace(q, priority, each) end
end

local function scheduledCount(q) return tonumber(call('HGET', q.counts, 'scheduled') or 0) end

-- Ms until the next one is due; nil if there is none.
local function untilDue(q)
  local first = call('ZRANGE', q.scheduled, 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, tonumber(first[2]) - now())
end

-- What is due by now goes to its place, so many at a time; returns how many.
local PROMOTED = 1000
local function promote(q)
  local due = call('ZRANGEBYSCORE', q.scheduled, '-inf', now(), 'LIMIT', 0, PROMOTED)
  if #due == 0 then return 0 end
  replicate(not q.isTemporary)
  callMany('ZREM', q.scheduled, due)
  putAllInPlace(q, due)
  call('HINCRBY', q.counts, 'scheduled', -#due)
  call('HINCRBY', q.counts, 'ready', #due)
  return #due
end

-- The queue has none any more: what is put from now on begins anew.
local function forgetOrder(q)
  q.usesTerms, q.usesGroups, q.usesGaps, q.usesExpiry, q.hasValues, q.hasParked = false, false, false, false, false, false
  q.priorities, q.late = '', ''
end

-- All keys of the order.
local function orderKeys(q)
  local keys = { q.ready, q.terms, q.gapsKey, q.scheduled, q.expiry, q.dead, lateKey(q, USUAL) }
  if usesTerms(q) then
    for _, key in ipairs({ P .. 'groups:' .. q.name, P .. 'lines:' .. q.name, P .. 'closed:' .. q.name, parkedKey(q, USUAL) }) do keys[#keys + 1] = key end
  end
  for priority in string.gmatch(otherPriorities(q), '%d') do
    keys[#keys + 1] = readyKey(q, priority)
    keys[#keys + 1] = lateKey(q, priority)
    keys[#keys + 1] = parkedKey(q, priority)
  end
  return keys
end
