-- Message groups. What is in flight of a group belongs to one consumer of one node, its owner. A claim that meets a message
-- whose owner has no room, or that has parked ones before it, parks it: it leaves the order that claims see, and is at rest
-- for everyone else. What opens and closes the line of parked ones stands above `engines/state/groups.ts`.
--
-- groups:<q>   hash: group → `<in flight> <number of the open one, 0 = none> <node> <consumer>`
-- lines:<q>    sorted set without scores: `<length>:<group>:<9 - priority><number>` of each parked one: a group's line is a range
-- closed:<q>  sorted set without scores: `<node> <group>` of each group in flight whose line is closed
-- parked:<q>   sorted set: numbers of parked ones, as late:<q> has them; parked7:<q> those of priority 7
--
-- terms:<q> has the group of each message, and `groups` where there were any; `parked` of counts:<q> counts
-- the parked ones, which are not among the ready ones there.

local function groupsKey(q) return P .. 'groups:' .. q.name end
local function closedKey(q) return P .. 'closed:' .. q.name end
local function linesKey(q) return P .. 'lines:' .. q.name end

local function usesGroups(q)
  if q.usesGroups == nil then q.usesGroups = usesTerms(q) and call('HEXISTS', q.terms, 'groups') == 1 end
  return q.usesGroups
end

local function noteGroups(q)
  if q.usesGroups then return end
  call('HSET', q.terms, 'groups', '1')
  q.usesTerms, q.usesGroups = true, true
end

-- Of a stored message: the third text of its record. (`broker/message-record.ts`)
local function groupOf(stored)
  local at = 40
  local function length()
    local value, scale = 0, 1
    repeat
      local octet = string.byte(stored, at)
      value, scale, at = value + octet % 128 * scale, scale * 128, at + 1
    until octet < 128
    return value
  end
  local bodyBytes, textBytes = struct.unpack('<I4I4', stored, 32)
  length()
  local from = #stored - bodyBytes - textBytes + 1 + length() + length()
  return string.sub(stored, from, from + length() - 1)
end

local function openGroup(q, name)
  q.groups = q.groups or {}
  local group = q.groups[name]
  if group then return group end
  local inFlight, open, node, consumer = string.match(call('HGET', groupsKey(q), name) or '0 0  ', '^(%-?%d+) (%d+) (%S*) (.*)$')
  group = { name = name, inFlight = tonumber(inFlight), open = open ~= '0' and open, node = node, consumer = consumer }
  q.groups[name] = group
  return group
end

local function lineOf(name) return #name .. ':' .. name .. ':' end
local function lineMember(name, priority, seq) return lineOf(name) .. (9 - priority) .. string.format('%017.0f', tonumber(seq)) end

-- Priority and number of the first one in a group's line.
local function firstInLine(q, name)
  local line = lineOf(name)
  local first = call('ZRANGEBYLEX', linesKey(q), '[' .. line, '(' .. line .. ':', 'LIMIT', 0, 1)[1]
  if not first then return end
  return tostring(9 - tonumber(string.sub(first, #line + 1, #line + 1))), string.format('%.0f', tonumber(string.sub(first, #line + 2)))
end

local function isBefore(priority, seq, otherPriority, other)
  if priority ~= otherPriority then return tonumber(priority) > tonumber(otherPriority) end
  return tonumber(seq) < tonumber(other)
end

-- A number of the order stands in its group's line from now on.
local function park(q, group, priority, seq)
  call('ZADD', linesKey(q), 0, lineMember(group.name, priority, seq))
  call('ZADD', parkedKey(q, priority), seq, seq)
  q.readyDelta, q.parkedDelta = q.readyDelta - 1, q.parkedDelta + 1
  if group.open == seq then group.open = false end
  if not group.open and group.inFlight > 0 then call('ZADD', closedKey(q), 0, group.node .. ' ' .. group.name) end
end

-- The first in line, if there is one, stands for it from now on; it is for the caller to put it in its place.
local function openLine(q, group)
  if group.node ~= '' then call('ZREM', closedKey(q), group.node .. ' ' .. group.name) end
  local priority, seq = firstInLine(q, group.name)
  group.open = seq or false
  if not seq then return end
  call('ZREM', linesKey(q), lineMember(group.name, priority, seq))
  call('ZREM', parkedKey(q, priority), seq)
  q.readyDelta, q.parkedDelta = q.readyDelta + 1, q.parkedDelta - 1
  return priority, seq
end

local function openInPlace(q, group)
  local priority, seq = openLine(q, group)
  if not seq then return end
  -- Somebody may have passed its place.
  q.back[#q.back + 1] = seq
  putInPlace(q, priority, { seq })
  q.woken = q.woken + 1
end

-- The lines of groups that consumers of this node own, and have room for, open; returns how many did.
local OPENED = 1000
local function openOwn(q, node, turns)
  local hasRoom, count = {}, 0
  for _, want in ipairs(turns.wants) do hasRoom[want.consumer] = hasRoom[want.consumer] or want.credit > 0 end
  for _, member in ipairs(call('ZRANGEBYLEX', closedKey(q), '[' .. node .. ' ', '(' .. node .. '!', 'LIMIT', 0, OPENED)) do
    local group = openGroup(q, string.sub(member, #node + 2))
    if hasRoom[group.consumer] then
      openInPlace(q, group)
      if group.open then count = count + 1 end
    end
  end
  return count
end

-- A message that was at rest is gone: it may have been parked, or have stood for the others.
local function leaveGroup(q, group, priority, seq)
  if call('ZREM', parkedKey(q, priority), seq) == 1 then
    call('ZREM', linesKey(q), lineMember(group.name, priority, seq))
    -- Whoever took it away counted it as ready.
    q.readyDelta, q.parkedDelta = q.readyDelta + 1, q.parkedDelta - 1
  elseif group.open == seq then
    openInPlace(q, group)
  end
end

-- What was let go or dropped by this script leaves its group, if it has one.
local function leaveGroups(q)
  local seqs = {}
  for seq in pairs(q.letGo) do seqs[#seqs + 1] = seq end
  for _, seq in ipairs(q.drops) do
    if not q.letGo[seq] then seqs[#seqs + 1] = seq end
  end
  table.sort(seqs, ascending)
  local priorities, groups = readTerms(q, seqs)
  local ended = {}
  for _, seq in ipairs(seqs) do
    local name = groups[seq]
    if name then
      local group = openGroup(q, name)
      if q.letGo[seq] then
        group.inFlight = group.inFlight - 1
        ended[name] = group
      else
        leaveGroup(q, group, priorities[seq], seq)
      end
    end
  end
  for name, group in pairs(ended) do
    if group.inFlight <= 0 then
      local priority, first = firstInLine(q, name)
      local openPriority = group.open and readTerms(q, { group.open })[group.open]
      if not first then call('ZREM', closedKey(q), group.node .. ' ' .. name) end
      if first and (not openPriority or isBefore(priority, first, openPriority, group.open)) then openInPlace(q, group) end
    end
  end
end

local function writeGroups(q)
  for name, group in pairs(q.groups or {}) do
    if group.inFlight <= 0 and not group.open then
      call('HDEL', groupsKey(q), name)
    else
      local owner = group.inFlight > 0 and group.node .. ' ' .. group.consumer or ' '
      call('HSET', groupsKey(q), name, string.format('%d %s ', math.max(0, group.inFlight), group.open or '0') .. owner)
    end
  end
  q.groups = {}
end

-- The first numbers of a priority that are at rest, parked ones among them; how many of each kind. Both kinds, and the
-- latecomers, begin at a place.
local function listAtRest(q, priority, fromReady, fromLate, fromParked, count)
  local ready, inList, inLate = listFirst(q, priority, fromReady, fromLate, count)
  local parked = count > 0 and hasParked(q) and call('ZRANGE', parkedKey(q, priority), fromParked, fromParked + count - 1) or {}
  if #parked == 0 then return ready, inList, inLate, 0 end
  local all, inOrder, inParked = lowestOf(ready, parked, count)
  inList, inLate = select(2, listFirst(q, priority, fromReady, fromLate, inOrder))
  return all, inList, inLate, inParked
end

-- Takes them, all but the parked ones, of which it tells how many there are: they leave with their messages.
local function takeAtRest(q, priority, fromParked, count)
  if not hasParked(q) then return takeFirst(q, priority, count), 0 end
  gaps.close(q, readyKey(q, priority))
  local all, inList, inLate, inParked = listAtRest(q, priority, 0, 0, fromParked, count)
  local isGap, others = {}, {}
  local popped = popFirst(q, priority, inList + inLate)
  for _, seq in ipairs(popped) do isGap[seq] = true end
  for _, seq in ipairs(gaps.without(q, popped)) do isGap[seq] = nil end
  for _, seq in ipairs(all) do
    if not isGap[seq] then others[#others + 1] = seq end
  end
  return others, inParked
end
