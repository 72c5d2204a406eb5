-- A node does not wait for messages of a queue any more; whoever waits behind it hears of what it was told of.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 queue
-- RETURNS  {'OK'}
-- GUARANTEE a hint that reached a node without use for it is passed on.
--@include base
--@include order
--@include queues

passMemoryLimit()
local node, q = ARGV[1], openQueue(ARGV[2])
replicate(false)
call('ZREM', q.waiting, node)
local ready = tonumber(call('HGET', q.counts, 'ready') or 0)
if ready > 0 then wake(q, ready) end
replicate(not q.isTemporary)
if call('EXISTS', heldKey(node, q)) == 0 then call('SREM', P .. 'busy:' .. node, q.name) end
return { 'OK' }
