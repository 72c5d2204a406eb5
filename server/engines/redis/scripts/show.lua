-- Shows a choosy node what is at rest where it has not looked, and has it told of what comes there from now on. Works in
-- bounded bites.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 queue, 3 limit (numbers to look at), 4 maxBytes (one message always), then, of each priority of which not
--          everything is to be looked at, the ranges that are: priority, from, to (`inf` = no end)
-- RETURNS  {'OK', isNew (0, 1), told, more (0, 1), due, passed, priority, number, …, seq, stored, …} | {'GONE'} | {'FENCED'}
--          isNew: the node was not told of anything before; told: how often numbers that came back were told
--          due: ms until the next scheduled message is; -1 = there is none
--          passed: how many priorities follow, each with the number up to which it was looked at
--          seq, stored: by priority, and within one upwards
-- GUARANTEE whatever comes to rest after this, the node is told, until it looks away or dies.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include dead
--@include at-rest

local node, limit, maxBytes = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
passMemoryLimit()
local q = openQueue(ARGV[2])
if q.isTemporary and not temporaryExists(q) then return { 'GONE' } end
local isNew = choosy.join(q, node)
buryFirst(q, node)
local due = -1
if scheduledCount(q) > 0 then
  local promoted = promote(q)
  -- The node itself is told as well, of where it has to look first.
  if promoted > 0 then wake(q, promoted) end
  due = untilDue(q) or -1
end

local wanted = {}
for at = 5, #ARGV, 3 do
  local priority = ARGV[at]
  wanted[priority] = wanted[priority] or {}
  table.insert(wanted[priority], { from = tonumber(ARGV[at + 1]), to = tonumber(ARGV[at + 2]) })
end

-- Index in a list of the first number from there on. Most often that is near the end.
local function indexFrom(list, from)
  local low, high = 0, call('LLEN', list)
  local near = math.max(0, high - limit)
  if near > 0 and tonumber(call('LINDEX', list, near)) < from then low = near + 1 end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if tonumber(call('LINDEX', list, middle)) < from then low = middle + 1 else high = middle end
  end
  return low
end

-- The first numbers of a priority in a range, in order, so many at most; tombstones and gaps are among them.
local function numbersIn(priority, range, count)
  if range.from == range.to then
    local seq = string.format('%.0f', range.from)
    return isAtRest(q, seq) and (readTerms(q, { seq })[seq] or USUAL) == priority and { seq } or {}
  end
  local list = readyKey(q, priority)
  local tail = call('LINDEX', list, -1)
  local ready, late = {}, {}
  if tail and tonumber(tail) >= range.from then
    local index = indexFrom(list, range.from)
    ready = call('LRANGE', list, index, index + count - 1)
    while ready[1] and tonumber(ready[#ready]) > range.to do table.remove(ready) end
  end
  if hasLate(q, priority) then late = call('ZRANGEBYSCORE', lateKey(q, priority), range.from, range.to, 'LIMIT', 0, count) end
  return (lowestOf(ready, late, count))
end

local left, bytes, shown, passed, chunk = limit, 0, {}, {}, 16
replicate(not q.isTemporary)

-- Shows them; tells the last that it came to, and whether there was room for all.
local function show(seqs)
  local at = 1
  while at <= #seqs do
    local page = {}
    for i = at, math.min(at + chunk - 1, #seqs) do page[#page + 1] = seqs[i] end
    local isGap = gaps.areUsed(q) and gaps.among(q, page) or {}
    local stored = call('HMGET', q.messages, unpack(page))
    local groups = {}
    if usesGroups(q) then groups = select(2, readTerms(q, page)) end
    for i, seq in ipairs(page) do
      if stored[i] and not isGap[i] and not isExpired(stored[i]) then
        local size = bytesOf(stored[i])
        if #shown > 0 and bytes + size > maxBytes then return page[i - 1] or seqs[at - 1], false end
        bytes = bytes + size
        shown[#shown + 1] = seq
        shown[#shown + 1] = stored[i]
        local group = groups[seq] and openGroup(q, groups[seq])
        if group and group.open == seq then openMore(q, group) end
      end
    end
    at = at + #page
    -- Small bodies are read by many, large ones by few.
    if #shown > 0 then chunk = math.max(1, math.min(128, chunk * 2, math.floor((maxBytes - bytes) / (bytes / #shown * 2)) + 1)) end
  end
  return seqs[#seqs], true
end

-- What finding a place in a list counts as.
local SEARCH = 8

-- False where it has to stop.
local function look(priority, range)
  if left <= 0 then return false end
  local seqs = numbersIn(priority, range, left)
  local isCut = #seqs == left
  local last, isDone = show(seqs)
  left = left - #seqs - (range.from == range.to and 1 or SEARCH)
  if isDone and not isCut and range.to < math.huge then last = string.format('%.0f', range.to) end
  if last then passed[priority] = last end
  return isDone and not isCut
end

local more = 0
local everything = { { from = 0, to = math.huge } }
for _, priority in ipairs(prioritiesOf(q)) do
  for _, range in ipairs(wanted[priority] or everything) do
    if more == 0 and not look(priority, range) then more = 1 end
  end
end

if q.groups then writeGroups(q) end
if q.readyDelta ~= 0 then
  call('HINCRBY', q.counts, 'ready', q.readyDelta)
  call('HINCRBY', q.counts, 'parked', q.parkedDelta)
end
-- The node is told of those as well, and so looks there again.
if q.woken > 0 then wake(q, q.woken) end

local told = tonumber(call('HGET', choosy.key(q), 'told') or 0)
local reply = { 'OK', isNew and 1 or 0, told, more, due, 0 }
for priority, number in pairs(passed) do
  reply[6] = reply[6] + 1
  reply[#reply + 1] = priority
  reply[#reply + 1] = number
end
for _, each in ipairs(shown) do reply[#reply + 1] = each end
return reply
