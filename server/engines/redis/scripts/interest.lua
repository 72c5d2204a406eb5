-- What topics a node asks for from now on, and what no longer.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (of the change), then each wish: `+=topic`, `-=topic`, `+~pattern`, `-~pattern`
-- RETURNS  {'OK'} | {'STALE'} | {'FENCED'}
-- GUARANTEE whatever any node publishes after this reaches this one's inbox. Wishes of an older number, arriving late, do
--          nothing.
--@include base
--@include wildcard-table

local node, number = ARGV[1], tonumber(ARGV[2])
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
passMemoryLimit()
local record = P .. 'node:' .. node
if tonumber(call('HGET', record, 'change') or 0) >= number then return { 'STALE' } end
call('HSET', record, 'change', number)

local watched = P .. 'watched:' .. node
for i = 3, #ARGV do
  local isWish, isExact = string.sub(ARGV[i], 1, 1) == '+', string.sub(ARGV[i], 2, 2) == '='
  local name = string.sub(ARGV[i], 3)
  call(isWish and 'SADD' or 'SREM', watched, string.sub(ARGV[i], 2))
  if isExact then
    call(isWish and 'SADD' or 'SREM', P .. 'interest:' .. name, node)
  else
    changeWildcard(isWish, node .. ' ' .. name)
  end
end
forgetOldChanges()
return { 'OK' }
