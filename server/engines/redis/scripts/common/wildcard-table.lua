-- Which nodes watch which wildcards, each member `<node> <pattern>` by the version it came with, and those that went, by the
-- version they went with.
local WILDCARDS, GONE, STORE = P .. 'wildcards', P .. 'wildcards:gone', P .. 'store'

local function changeWildcard(isWish, member)
  local isThere = call('ZSCORE', WILDCARDS, member) and true or false
  if isWish == isThere then return end
  local version = call('HINCRBY', STORE, 'wildcards', 1)
  call('ZREM', isWish and GONE or WILDCARDS, member)
  call('ZADD', isWish and WILDCARDS or GONE, version, member)
  replicate(false)
  -- Channels know of no databases, so others may hear it: hence the name of the table.
  local name = call('HGET', STORE, 'table') or '-'
  call('PUBLISH', P .. 'cluster', (isWish and '+' or '-') .. version .. ' ' .. name .. ' ' .. member)
  replicate(true)
end

-- Who is further behind than this reads the whole table.
local KEPT_GONE = 4096
local function forgetOldChanges()
  local surplus = call('ZCARD', GONE) - KEPT_GONE
  if surplus <= 0 then return end
  local last = call('ZRANGE', GONE, surplus - 1, surplus - 1, 'WITHSCORES')[2]
  call('HSET', STORE, 'wildcardsFloor', last)
  call('ZREMRANGEBYRANK', GONE, 0, surplus - 1)
end
