-- Takes messages whose end has come, of any queue, and holds them for a node.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (of the claim), 3 limit (how many), 4 maxBytes (one message always)
-- RETURNS  {'OK', more (0, 1), queue, seq, reason, attempts or nil, stored, queue, …} | {'STALE'} | {'FENCED'}
--          attempts: `<failures> <recoveries>`; reason: 1 = it expired, 2 = the queue had no room for it
-- GUARANTEE a message is held by one node. Works in bounded bites: when there are more, it says so.
--@include base
--@include numbers-of-claims
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include dead

local node, number, limit, maxBytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local refusal = refuseClaim(node, number)
if refusal then return refusal end

local QUEUES = 16
local reply, taken, bytes = { 'OK', 0 }, 0, 0

-- When there is something to be done in the queue next.
local function noteNext(q)
  replicate(true)
  if call('EXISTS', q.dead) == 1 then return call('ZADD', P .. 'expiries', 0, q.name) end
  local first = call('ZRANGE', q.expiry, 0, 0, 'WITHSCORES')
  if first[2] then call('ZADD', P .. 'expiries', first[2], q.name) else call('ZREM', P .. 'expiries', q.name) end
end

local function takeFrom(q)
  bury(q)
  closeQueue(q, node)
  replicate(not q.isTemporary)
  local dead, held, gone = call('ZRANGE', q.dead, 0, limit - taken - 1, 'WITHSCORES'), {}, {}
  for i = 1, #dead, 2 do
    local seq, stored = dead[i], call('HGET', q.messages, dead[i])
    local size = stored and bytesOf(stored) or 0
    if taken > 0 and bytes + size > maxBytes then break end
    gone[#gone + 1] = seq
    if stored then
      taken, bytes = taken + 1, bytes + size
      held[#held + 1] = seq
      held[#held + 1] = size
      for _, each in ipairs({ q.name, seq, dead[i + 1], call('HGET', q.attempts, seq), stored }) do reply[#reply + 1] = each end
    end
  end
  if #gone > 0 then
    callMany('ZREM', q.dead, gone)
    call('HINCRBY', q.counts, 'dead', -#gone)
  end
  if #held > 0 then
    callMany('HSET', heldKey(node, q), held)
    call('SADD', P .. 'busy:' .. node, q.name)
  end
end

for _, name in ipairs(call('ZRANGEBYSCORE', P .. 'expiries', '-inf', now(), 'LIMIT', 0, QUEUES)) do
  if taken >= limit or bytes >= maxBytes then break end
  local q = openQueue(name)
  takeFrom(q)
  noteNext(q)
end
if #call('ZRANGEBYSCORE', P .. 'expiries', '-inf', now(), 'LIMIT', 0, 1) > 0 then reply[2] = 1 end
return reply
