-- Takes messages from the head of a queue and holds them for a node.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (of the claim), 3 queue, 4 want (how many), 5 maxBytes (one message always), then, where it
--          matters who gets what, for each want: consumer, credit, priority
-- RETURNS  {'OK', more (0, 1), due, seq, attempts or nil, stored, seq, …} | {'STALE'} | {'FENCED'}
--          due: in how many ms a node that got less than it wanted should come again, untold: a scheduled message is due, or
--          somebody else has not fetched what was left to him; -1 = there is no such moment
--          attempts: `<failures> <recoveries>`
--          where wants were given, the index of the want that gets it stands behind each stored message
-- GUARANTEE a message is held by one node; one that got less than it wanted is told by a nudge when there is more.
--          (Of a temporary queue that is not there, nobody is told.)
--          Claims are numbered upwards, so that one which was given up and arrives late does nothing.
--@include base
--@include order
--@include queues
--@include turns
--@include ranks

local node, number, want, maxBytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5])
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
passMemoryLimit()
local record = P .. 'node:' .. node
if tonumber(call('HGET', record, 'claim') or 0) >= number then return { 'STALE' } end
replicate(false)
call('HSET', record, 'claim', number)

local q = openQueue(ARGV[3])
-- Nobody waits for what is gone.
if q.isTemporary and not temporaryExists(q) then return { 'OK', 0, -1 } end
local counts = call('HMGET', q.counts, 'ready', 'late', 'scheduled')
local ready, scheduled = tonumber(counts[1] or 0), tonumber(counts[3] or 0)
q.late = counts[2] or ''
local promoted = scheduled > 0 and promote(q) or 0
ready, scheduled = ready + promoted, scheduled - promoted

local turns = #ARGV > 5 and readTurns(6)
local ranks = turns and turns.ranks or { { priority = 0, credit = want } }
local isRanked = turns and (#ranks > 1 or ranks[1].priority ~= 0)
local hasAttempts = false
if ready > 0 then
  hasAttempts = call('EXISTS', q.attempts, q.terms, ranksKey(q)) > 0
  if not hasAttempts then q.usesTerms = false end
  isRanked = isRanked or (hasAttempts and call('EXISTS', ranksKey(q)) == 1)
end

-- Who waits as well gets a share, and so does who was told a moment ago; where there are ranks, those say what to leave.
local share, allowed, heldFor = want, want, {}
if ready > 0 then
  if isRanked then
    heldFor = leaveToHigher(q, node, ranks)
    allowed = math.min(want, allowedTo(ranks, ready))
    share = allowed
  end
  local waiting = isRanked and call('ZCOUNT', q.waiting, '-inf', scoreBelow(ranks[1].priority)) or call('ZCARD', q.waiting)
  if waiting > 0 and call('ZSCORE', q.waiting, node) then waiting = waiting - 1 end
  if not isRanked then waiting = waiting + nudgedBeside(q, node) end
  share = math.min(share, math.ceil(ready / (waiting + 1)))
end

local TOMBSTONES = 4096
local reply, held = { 'OK', 0, -1 }, {}
local taken, bytes, stepped, chunk = 0, 0, 0, 16
local isFull = ready <= 0
replicate(not q.isTemporary)

local function take(seq, stored, size)
  taken, bytes = taken + 1, bytes + size
  held[#held + 1] = seq
  held[#held + 1] = size
  reply[#reply + 1] = seq
  reply[#reply + 1] = hasAttempts and call('HGET', q.attempts, seq) or false
  reply[#reply + 1] = stored
  if turns then reply[#reply + 1] = nextTurn(turns).index end
end

-- From the first numbers of a priority, until it has no more.
local function takeFrom(priority)
  while taken < share and not isFull and stepped < TOMBSTONES do
    local seqs = takeFirst(q, priority, math.min(share - taken, chunk))
    if #seqs == 0 then return end
    local stored = call('HMGET', q.messages, unpack(seqs))
    for i, seq in ipairs(seqs) do
      local size = stored[i] and bytesOf(stored[i])
      if not size then
        stepped = stepped + 1
      elseif taken > 0 and bytes + size > maxBytes then
        isFull = true
        untake(q, priority, seqs, i)
        break
      else
        take(seq, stored[i], size)
      end
    end
    -- Small bodies are read by many, large ones by few.
    if taken > 0 then chunk = math.max(1, math.min(128, chunk * 2, math.floor((maxBytes - bytes) / (bytes / taken)) + 1)) end
  end
end

if not isFull then
  for _, priority in ipairs(prioritiesOf(q)) do takeFrom(priority) end
end

if taken > 0 then
  callMany('HSET', heldKey(node, q), held)
  ready = call('HINCRBY', q.counts, 'ready', -taken)
end
call('SADD', P .. 'busy:' .. node, q.name)
replicate(false)
if not turns then ranks[1].credit = want - taken end
if isRanked then noteRanks(q, node, ranks) end
if taken < want then
  local isHeldBack = ready > 0 and taken == allowed
  if isHeldBack then holdBack(q, heldFor) end
  if ready > 0 and not isHeldBack then
    reply[2] = 1
  else
    waitFor(q, node, isRanked and ranks[1].priority or 0)
  end
  if scheduled > 0 then reply[3] = untilDue(q) end
  if isHeldBack and (reply[3] < 0 or reply[3] > PATIENCE) then reply[3] = PATIENCE end
elseif isRanked and ready > 0 then
  wake(q, ready)
end
-- Nobody else was told of what was due.
if promoted > 0 and ready > 0 then wake(q, math.min(promoted, ready)) end
return reply
