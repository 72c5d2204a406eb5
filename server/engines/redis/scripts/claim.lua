-- Takes messages from the head of a queue and holds them for a node.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (of the claim), 3 queue, 4 want (how many), 5 maxBytes (one message always; below 0: only if it fits), then, where it
--          matters who gets what, for each want: consumer, credit, priority
-- RETURNS  {'OK', more (0, 1, 2), due, seq, attempts or nil, stored, seq, …} | {'STALE'} | {'FENCED'} | {'LOST'} | {'WANTS'}: it matters
--          more: 2 = in the log of a durable subscription, where a node has to look at each message
--          due: in how many ms a node that got less than it wanted should come again, untold: a scheduled message is due, or
--          somebody else has not fetched what was left to him; -1 = there is no such moment
--          attempts: `<failures> <recoveries>`, and `<missed>` where a durable subscription has missed messages before
--          lost: somebody else holds the durable subscription
--          where wants were given, behind each stored message stands twice the index of the want that gets it, and 1 more if
--          its group goes to that consumer from now on
-- GUARANTEE a message is held by one node; one that got less than it wanted is told by a nudge when there is more.
--          (Of a temporary queue that is not there, nobody is told.)
--          Claims are numbered upwards, so that one which was given up and arrives late does nothing.
--@include base
--@include numbers-of-claims
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include dead
--@include turns
--@include ranks
--@include wildcard-table
--@include durable

local node, number, want, maxBytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5])
-- Of a claim that has got something already.
local isLater = maxBytes < 0
maxBytes = math.abs(maxBytes)
local refusal = refuseClaim(node, number)
if refusal then return refusal end

local q = openQueue(ARGV[3])
-- Nobody waits for what is gone.
if q.isTemporary and not temporaryExists(q) then return { 'OK', 0, -1 } end
local d = mayBeDurable(q.name) and openDurable(q.name)
if d then
  if not d.isShared and d.node ~= '' and d.node ~= node then return { 'LOST' } end
  fill(q, d, want, maxBytes)
  q.late = nil
  replicate(false)
end
local counts = call('HMGET', q.counts, 'ready', 'late', 'scheduled', 'parked')
local ready, scheduled = tonumber(counts[1] or 0), tonumber(counts[3] or 0)
q.late = counts[2] or ''
-- Behind each message that stands for its group there may be others.
local parked = tonumber(counts[4] or 0)
local hasAttempts = false
if ready + scheduled + parked > 0 then
  hasAttempts = call('EXISTS', q.attempts, q.terms, q.gapsKey, ranksKey(q)) > 0
  if not hasAttempts then q.usesTerms, q.usesGaps = false, false end
end
if hasAttempts and usesExpiry(q) then
  -- More than a bite: what stands at the head may be dead.
  local hasMore = bury(q) == BURIED
  ready, scheduled, parked = ready + q.readyDelta, scheduled + q.scheduledDelta, parked + q.parkedDelta
  closeQueue(q, node)
  if hasMore then return { 'OK', 1, -1 } end
end
local promoted = scheduled > 0 and promote(q) or 0
ready, scheduled = ready + promoted, scheduled - promoted

local turns = #ARGV > 5 and readTurns(6)
if parked > 0 then
  if not turns then return { 'WANTS' } end
  replicate(not q.isTemporary)
  local opened = openOwn(q, node, turns)
  ready, parked = ready + opened, parked - opened
end
local isGrouped = ready > 0 and usesGroups(q)
if isGrouped and not turns then return { 'WANTS' } end
local ranks = turns and turns.ranks or { { priority = 0, credit = want } }
local isRanked = turns and (#ranks > 1 or ranks[1].priority ~= 0)
if ready > 0 then isRanked = isRanked or (hasAttempts and call('EXISTS', ranksKey(q)) == 1) end

-- Who waits as well gets a share, and so does who was told a moment ago; where there are ranks, those say what to leave.
local share, allowed, heldFor = want, want, {}
if ready > 0 then
  if isRanked then
    heldFor = leaveToHigher(q, node, ranks)
    allowed = math.min(want, allowedTo(ranks, ready + parked))
    share = allowed
  end
  local waiting = call('ZCOUNT', q.waiting, '(-inf', isRanked and scoreBelow(ranks[1].priority) or '+inf')
  if waiting > 0 and call('ZSCORE', q.waiting, node) then waiting = waiting - 1 end
  if not isRanked then waiting = waiting + nudgedBeside(q, node) end
  share = math.min(share, math.ceil((ready + parked) / (waiting + 1)))
end

-- Tombstones and parked ones that one claim meets at most.
local STEPS = 4096
local reply, held = { 'OK', 0, -1 }, {}
local taken, bytes, stepped, chunk = 0, 0, 0, 16
local isFull = ready <= 0
-- Nodes whose consumers something was parked for.
local away = {}
replicate(not q.isTemporary)

local function take(seq, stored, size, want, isFirst)
  taken, bytes = taken + 1, bytes + size
  held[#held + 1] = seq
  held[#held + 1] = size
  reply[#reply + 1] = seq
  reply[#reply + 1] = hasAttempts and call('HGET', q.attempts, seq) or false
  reply[#reply + 1] = stored
  if want then reply[#reply + 1] = want.index * 2 + (isFirst and 1 or 0) end
end

-- The want that takes a message, if anybody does now.
local function whoTakes(group, priority, seq)
  local firstPriority, first = firstInLine(q, group.name)
  if first and isBefore(firstPriority, first, priority, seq) then return end
  if group.inFlight <= 0 then return nextTurn(turns) end
  return group.node == node and turnOf(turns, group.consumer)
end

-- A group's first one is taken: the next comes to its place, among those in hand if it belongs there.
local function comeNext(group, seqs, stored, at, priority)
  local nextPriority, following = openLine(q, group)
  if not following then return end
  if nextPriority ~= priority or tonumber(following) > tonumber(seqs[#seqs]) then
    q.back[#q.back + 1] = following
    return putInPlace(q, nextPriority, { following })
  end
  local place = at + 1
  while tonumber(seqs[place]) < tonumber(following) do place = place + 1 end
  table.insert(seqs, place, following)
  table.insert(stored, place, call('HGET', q.messages, following))
end

-- Gives the message to whoever takes it, and parks it if nobody does; where it stands in hand is told.
local function deal(name, priority, seqs, stored, at, size)
  local seq, group = seqs[at], openGroup(q, name)
  local want = whoTakes(group, priority, seq)
  if not want then
    stepped = stepped + 1
    if group.node ~= node and group.node ~= '' then away[group.node] = true end
    return park(q, group, priority, seq)
  end
  take(seq, stored[at], size, want, group.inFlight <= 0)
  group.inFlight, group.node, group.consumer = math.max(0, group.inFlight) + 1, node, want.consumer
  if group.open == seq then comeNext(group, seqs, stored, at, priority) end
end

-- From the first numbers of a priority, until it has no more.
local function takeFrom(priority)
  while taken < share and not isFull and stepped < STEPS do
    local seqs = takeFirst(q, priority, math.min(share - taken, chunk))
    if #seqs == 0 then return end
    local stored, at = call('HMGET', q.messages, unpack(seqs)), 1
    local groups = {}
    if isGrouped then groups = select(2, readTerms(q, seqs)) end
    while at <= #seqs do
      local seq = seqs[at]
      local size = stored[at] and bytesOf(stored[at])
      if not size then
        stepped = stepped + 1
      elseif isExpired(stored[at]) then
        -- What is left of one that is dead.
        stepped = stepped + 1
      elseif taken == share or (taken > 0 or isLater) and bytes + size > maxBytes then
        isFull = taken < share
        untake(q, priority, seqs, at)
        break
      elseif isGrouped and (groups[seq] or select(2, readTerms(q, { seq }))[seq]) then
        deal(groups[seq] or select(2, readTerms(q, { seq }))[seq], priority, seqs, stored, at, size)
      else
        take(seq, stored[at], size, turns and nextTurn(turns))
      end
      at = at + 1
    end
    -- Small bodies are read by many, large ones by few.
    if taken > 0 then chunk = math.max(1, math.min(128, chunk * 2, math.floor((maxBytes - bytes) / (bytes / taken)) + 1)) end
  end
end

if not isFull then
  for _, priority in ipairs(prioritiesOf(q)) do takeFrom(priority) end
end

if q.groups then writeGroups(q) end
if q.parkedDelta ~= 0 then call('HINCRBY', q.counts, 'parked', q.parkedDelta) end
if taken > 0 then
  callMany('HSET', heldKey(node, q), held)
  if usesExpiry(q) then
    for i = 1, #held, 2 do call('ZREM', q.expiry, held[i]) end
  end
end
if taken ~= q.readyDelta then ready = call('HINCRBY', q.counts, 'ready', q.readyDelta - taken) end
call('SADD', P .. 'busy:' .. node, q.name)
replicate(false)
if not turns then ranks[1].credit = want - taken end
if isRanked then noteRanks(q, node, ranks) end
if taken < want then
  local isHeldBack = ready > 0 and taken == allowed
  if isHeldBack then holdBack(q, heldFor) end
  local log = d and openLog(d.pattern)
  if ready > 0 and not isHeldBack then
    reply[2] = 1
  elseif log and backlogOf(d, log) > 0 then
    reply[2] = d.isPicky and 2 or 1
  else
    waitFor(q, node, isRanked and ranks[1].priority or 0)
    replicate(false)
    if log then call('SADD', P .. 'hungry:' .. d.pattern, node) end
  end
  if scheduled > 0 then reply[3] = untilDue(q) end
  if isHeldBack and (reply[3] < 0 or reply[3] > PATIENCE) then reply[3] = PATIENCE end
elseif isRanked and ready > 0 then
  wake(q, ready, true)
end
for owner in pairs(away) do nudge(q, owner) end
-- Nobody else was told of what was due.
if promoted > 0 and ready > 0 then wake(q, math.min(promoted, ready)) end
return reply
