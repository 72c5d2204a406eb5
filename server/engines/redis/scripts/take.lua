-- Takes messages by their numbers, wherever they rest in a queue, and holds them for a node: those that a selector chose.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (of the claim), 3 queue, then for each message, upwards within a priority: seq, octets, consumer
-- RETURNS  {'OK', seq, attempts or nil, isFirst (0, 1), seq, …} | {'STALE'} | {'FENCED'}
--          attempts: `<failures> <recoveries>`; isFirst: its group is that consumer's from now on, and was nobody's
-- GUARANTEE a message is held by one node: what is not at rest any more is left out. Numbers of claims as in `claim`.
--          What is taken from the middle of a list leaves a gap there; before those were more than what they stand between,
--          the list is cleared from its head on, some for each message taken.
--@include base
--@include numbers-of-claims
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include dead
--@include at-rest

local node, number = ARGV[1], tonumber(ARGV[2])
local refusal = refuseClaim(node, number)
if refusal then return refusal end

local q = openQueue(ARGV[3])
buryFirst(q, node)
replicate(not q.isTemporary)

local function takeOut(seq, priority)
  local list = readyKey(q, priority)
  if hasLate(q, priority) and call('ZREM', lateKey(q, priority), seq) == 1 then
    if call('EXISTS', lateKey(q, priority)) == 0 then noteNoneLate(q, priority) end
  elseif call('LINDEX', list, -1) == seq then
    call('RPOP', list)
  elseif call('LINDEX', list, 0) == seq then
    call('LPOP', list)
  else
    call('SADD', q.gapsKey, seq)
    q.usesGaps = true
  end
end

-- Whatever is at rest at the head goes to the latecomers, without what stood between: more than was taken, so the list shrinks.
local CLEARED, FEW = 2, 1024
local function clear(priority, taken)
  local list = readyKey(q, priority)
  local ready = tonumber(call('HGET', q.counts, 'ready') or 0)
  if call('LLEN', list) < 2 * ready + FEW then return end
  local seqs = gaps.without(q, call('LPOP', list, CLEARED * taken) or {})
  local atRest = {}
  for _, seq in ipairs(seqs) do
    if call('HEXISTS', q.messages, seq) == 1 then atRest[#atRest + 1] = seq end
  end
  if #atRest > 0 then addLate(q, priority, atRest, 1) end
end

local seqs, octets, consumers = {}, {}, {}
for at = 4, #ARGV, 3 do
  seqs[#seqs + 1] = ARGV[at]
  octets[ARGV[at]] = ARGV[at + 1]
  consumers[ARGV[at]] = ARGV[at + 2]
end
local priorities, groups = readTerms(q, seqs)
local counts, held, taken, isFirst = {}, {}, {}, {}
-- From behind: then what stands at the end of a list leaves no gap.
for i = #seqs, 1, -1 do
  local seq = seqs[i]
  if isAtRest(q, seq) then
    local priority = priorities[seq] or USUAL
    takeOut(seq, priority)
    counts[priority] = (counts[priority] or 0) + 1
    held[#held + 1] = seq
    held[#held + 1] = octets[seq]
    table.insert(taken, 1, seq)
  end
end

-- Whoever had others of the group, it is this consumer's now.
local function own(group, seq)
  isFirst[seq] = group.inFlight <= 0
  group.inFlight, group.node, group.consumer = math.max(0, group.inFlight) + 1, node, consumers[seq]
  if group.open == seq then openInPlace(q, group) end
end

local reply = { 'OK' }
if #taken > 0 then
  callMany('HSET', heldKey(node, q), held)
  if usesExpiry(q) then callMany('ZREM', q.expiry, taken) end
  for _, seq in ipairs(taken) do
    if groups[seq] then own(openGroup(q, groups[seq]), seq) end
  end
  if q.groups then writeGroups(q) end
  call('HINCRBY', q.counts, 'ready', q.readyDelta - #taken)
  if q.parkedDelta ~= 0 then call('HINCRBY', q.counts, 'parked', q.parkedDelta) end
  call('SADD', P .. 'busy:' .. node, q.name)
  for priority, count in pairs(counts) do clear(priority, count) end
  local hasAttempts = call('EXISTS', q.attempts) == 1
  for _, seq in ipairs(taken) do
    reply[#reply + 1] = seq
    reply[#reply + 1] = hasAttempts and call('HGET', q.attempts, seq) or false
    reply[#reply + 1] = isFirst[seq] and 1 or 0
  end
  if q.woken > 0 then wake(q, q.woken) end
end
return reply
