-- A node has no consumers with selectors any more in a queue, and need not be told of what comes there.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 queue
-- RETURNS  {'OK'}
-- GUARANTEE nothing else changes.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values

passMemoryLimit()
choosy.leave(openQueue(ARGV[2]), ARGV[1])
return { 'OK' }
