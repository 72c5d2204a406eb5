-- Takes messages from the head of a queue and holds them for a node.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (of the claim), 3 queue, 4 want (how many), 5 maxBytes (one message always)
-- RETURNS  {'OK', more (0, 1), due, seq, attempts or nil, stored, seq, …} | {'STALE'} | {'FENCED'}
--          due: ms until the next scheduled message is, for a node that got less than it wanted; -1 = there is none
--          attempts: `<failures> <recoveries>`
-- GUARANTEE a message is held by one node; one that got less than it wanted is told by a nudge when there is more.
--          (Of a temporary queue that is not there, nobody is told.)
--          Claims are numbered upwards, so that one which was given up and arrives late does nothing.
--@include base
--@include order
--@include queues

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

-- Who waits as well gets a share.
local share = want
if ready > 0 then
  local waiting = call('ZCARD', q.waiting)
  if waiting > 0 then
    if call('ZSCORE', q.waiting, node) then waiting = waiting - 1 end
    share = math.min(want, math.ceil(ready / (waiting + 1)))
  end
end

local TOMBSTONES = 4096
local reply, held = { 'OK', 0, -1 }, {}
local taken, bytes, stepped, chunk = 0, 0, 0, 16
local isFull = ready <= 0
local hasAttempts = false
if ready > 0 then
  hasAttempts = call('EXISTS', q.attempts, q.terms) > 0
  if not hasAttempts then q.usesTerms = false end
end
replicate(not q.isTemporary)

local function take(seq, stored, size)
  taken, bytes = taken + 1, bytes + size
  held[#held + 1] = seq
  held[#held + 1] = size
  reply[#reply + 1] = seq
  reply[#reply + 1] = hasAttempts and call('HGET', q.attempts, seq) or false
  reply[#reply + 1] = stored
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
if taken < want then
  if ready > 0 then
    reply[2] = 1
  else
    replicate(false)
    call('ZADD', q.waiting, 'NX', now(), node)
  end
  if scheduled > 0 then reply[3] = untilDue(q) end
end
-- Nobody else was told of what was due.
if promoted > 0 and ready > 0 then wake(q, math.min(promoted, ready)) end
return reply
