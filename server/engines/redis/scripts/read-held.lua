-- A message that a node holds, once more.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 queue, 3 seq
-- RETURNS  {stored} | {}
-- GUARANTEE none but that it is held at this moment.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values

local q = openQueue(ARGV[2])
if call('HEXISTS', heldKey(ARGV[1], q), ARGV[3]) == 0 then return {} end
return { call('HGET', q.messages, ARGV[3]) }
