-- Ends a durable subscription with all that is kept for it.
--
-- KEYS     1 <P>nodes
-- ARGV     1 queue, 2 holder
-- RETURNS  {'OK', was it there (0, 1)} | {'HELD', node, holder}
-- GUARANTEE it stays while others than the holder hold it.
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
local queue, holder = ARGV[1], ARGV[2]
local name = queue
for _, each in ipairs(livingHolders(name)) do
  if each.holder ~= holder then return { 'HELD', each.node, each.holder } end
end
-- He knows.
call('HDEL', P .. 'holders:' .. name, holder)
return { 'OK', removeDurable(name) and 1 or 0 }
