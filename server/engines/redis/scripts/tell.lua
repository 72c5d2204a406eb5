-- Gives a node a command.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 command
-- RETURNS  1, or 0 if there is no such node
-- GUARANTEE it comes by the node's inbox at once, or with its next beat: kept until then.
--@include base

if not call('ZSCORE', NODES, ARGV[1]) then return 0 end
passMemoryLimit()
call('RPUSH', P .. 'commands:' .. ARGV[1], ARGV[2])
replicate(false)
call('PUBLISH', P .. 'inbox:' .. ARGV[1], 'c')
return 1
