-- A holder of a durable subscription is gone, or wants it no more.
--
-- KEYS     1 <P>nodes
-- ARGV     1 queue, 2 holder
-- RETURNS  {'OK'}
-- GUARANTEE what is kept stays; a holder that holds it no more changes nothing.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include wildcard-table
--@include durable

passMemoryLimit()
endHold(ARGV[1], ARGV[2])
return { 'OK' }
