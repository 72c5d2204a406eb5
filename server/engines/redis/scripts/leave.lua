-- A node does not wait for messages of a queue any more; whoever waits behind it hears of what it was told of.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (among those of claims), 3 queue
-- RETURNS  {'OK'} | {'STALE'} | {'FENCED'}
-- GUARANTEE a hint that reached a node without use for it is passed on. One that arrives late, behind a claim that waits
--          again, does nothing.
--@include base
--@include numbers-of-claims
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values

local node, number = ARGV[1], tonumber(ARGV[2])
local refusal = refuseClaim(node, number)
if refusal then return refusal end

local q = openQueue(ARGV[3])
stopWaiting(q, node)
if call('EXISTS', heldKey(node, q)) == 0 then call('SREM', P .. 'busy:' .. node, q.name) end
return { 'OK' }
