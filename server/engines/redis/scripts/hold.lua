-- Creates a durable subscription or resumes it, for a holder.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 queue, 3 holder, 4 evicted ('' = nobody), 5 pattern, 6 selector, 7 isNoLocal, 8 isShared (0, 1),
--          9 maxMessages, 10 maxBytes, 11 maxAgeMs, 12 expireAfterMs, 13 terms (JSON)
-- RETURNS  {'OK', is it new (0, 1)} | {'HELD', node, holder} | {'IN_USE', pattern, selector} | {'FENCED'}
-- GUARANTEE whatever any node publishes after this is kept for it. One that is not shared has one holder; whom he evicted
--          holds none of its messages any more. Asked again it answers the same, but for what is new.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include wildcard-table
--@include durable

local node, queue, holder, evicted, pattern, selector = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local name = queue
local isNoLocal, isShared = ARGV[7], ARGV[8]
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
local known = openDurable(name)
-- Who comes back makes room.
if known then passMemoryLimit() end

if evicted ~= '' then
  local from = call('HGET', P .. 'holders:' .. name, evicted)
  if from then
    endHold(name, evicted)
    local q = openQueue(name)
    for _, seq in ipairs(call('HKEYS', heldKey(from, q))) do giveBack(q, from, seq, 'gone') end
    closeQueue(q, from)
    call('PUBLISH', P .. 'inbox:' .. from, 'x' .. evicted .. ' ' .. name)
  end
end

local others = {}
for _, each in ipairs(known and livingHolders(name) or {}) do
  if each.holder ~= holder then others[#others + 1] = each end
end
local selected, local_ = unpack(call('HMGET', durableKey(name), 'selector', 'noLocal'))
local isSame = known and known.pattern == pattern and selected == selector and local_ == isNoLocal
if #others > 0 and isShared == '0' then return { 'HELD', others[1].node, others[1].holder } end
if #others > 0 and not isSame then return { 'IN_USE', known.pattern, selected } end

replicate(true)
if known and not isSame then
  call('HDEL', P .. 'holders:' .. name, holder)
  removeDurable(name)
end
local log = openLog(pattern)
if not log then
  local epoch = string.format('%.0f-%d', now(), call('HINCRBY', P .. 'store', 'logs', 1))
  call('HSET', P .. 'durable-log:' .. pattern, 'epoch', epoch, 'last', 0, 'end', 0, 'floor', 1)
  changeWildcard(true, addresseeOf(pattern))
  forgetOldChanges()
  replicate(true)
end
call('HSET', P .. 'durable-log:' .. pattern, 'maxMessages', ARGV[9], 'maxBytes', ARGV[10], 'maxAgeMs', ARGV[11])
if not isSame then
  local last = log and number(log.last) or '0'
  call('HSET', durableKey(name), 'pattern', pattern, 'cursor', last, 'missed', 0, 'selector', selector, 'noLocal', isNoLocal)
  call('ZADD', P .. 'cursors:' .. pattern, last, name)
  call('SADD', P .. 'durables', name)
end
call('HSET', durableKey(name), 'shared', isShared, 'picky', (selector ~= '' or isNoLocal == '1') and 1 or 0, 'expire', ARGV[12],
  'terms', ARGV[13], 'unused', 0, 'node', isShared == '1' and '' or node)
call('HSET', P .. 'holders:' .. name, holder, node)
call('SADD', P .. 'durables:' .. node, name)
call('ZREM', P .. 'unused', name)
return { 'OK', isSame and 0 or 1 }
