-- A write of no meaning, behind which replicas can be waited for.
--
-- KEYS     1 <P>nodes
-- RETURNS  {'OK'}
-- GUARANTEE it passes at `maxmemory`, and reaches every replica.
--@include base

passMemoryLimit()
call('HINCRBY', P .. 'store', 'barrier', 1)
return { 'OK' }
