-- What topics a node asks for from now on, and what no longer.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number of the change, then each wish: `+=topic`, `-=topic`, `+~pattern`, `-~pattern`
-- RETURNS  {'OK'} | {'STALE'} | {'FENCED'}
-- GUARANTEE whatever any node publishes after this reaches this one's inbox. Wishes of an older number, arriving late, do
--          nothing.
--@include base

local node, number = ARGV[1], tonumber(ARGV[2])
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
passMemoryLimit()
local record = P .. 'node:' .. node
if tonumber(call('HGET', record, 'change') or 0) >= number then return { 'STALE' } end
call('HSET', record, 'change', number)

local table_, gone, store, watched = P .. 'wildcards', P .. 'wildcards:gone', P .. 'store', P .. 'watched:' .. node
local KEPT_GONE = 4096

for i = 3, #ARGV do
  local isWish, isExact = string.sub(ARGV[i], 1, 1) == '+', string.sub(ARGV[i], 2, 2) == '='
  local name = string.sub(ARGV[i], 3)
  call(isWish and 'SADD' or 'SREM', watched, string.sub(ARGV[i], 2))
  if isExact then
    call(isWish and 'SADD' or 'SREM', P .. 'interest:' .. name, node)
  else
    local member = node .. ' ' .. name
    local isThere = call('ZSCORE', table_, member)
    if isWish ~= (isThere and true or false) then
      local version = call('HINCRBY', store, 'wildcards', 1)
      if isWish then
        call('ZADD', table_, version, member)
        call('ZREM', gone, member)
      else
        call('ZREM', table_, member)
        call('ZADD', gone, version, member)
      end
      replicate(false)
      call('PUBLISH', P .. 'cluster', (isWish and '+' or '-') .. version .. ' ' .. member)
      replicate(true)
    end
  end
end

-- Who is further behind than this reads the whole table.
local surplus = call('ZCARD', gone) - KEPT_GONE
if surplus > 0 then
  local last = call('ZRANGE', gone, surplus - 1, surplus - 1, 'WITHSCORES')[2]
  call('HSET', store, 'wildcardsFloor', last)
  call('ZREMRANGEBYRANK', gone, 0, surplus - 1)
end
return { 'OK' }
