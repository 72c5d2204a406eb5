-- Takes back what a dead or leaving node had, in bounded bites: messages to their places, temporary queues, interest.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 lease (ms; below 0: whatever its last beat), 3 limit (so many messages)
-- RETURNS  {'ALIVE'} | {'OK', messages given back, whether all is done (0, 1)}
-- GUARANTEE from the first bite on the node is fenced: whatever it still sends is refused, but its last durable batch is
--          known for an hour, so that it learns what became of it. Each message comes back with one more recovery.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include wildcard-table
--@include durable

local node, lease, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
passMemoryLimit()
local seen = call('ZSCORE', NODES, node)
if seen and tonumber(seen) >= now() - lease and lease >= 0 then return { 'ALIVE' } end
if not seen and call('SISMEMBER', P .. 'dying', node) == 0 then return { 'OK', 0, 1 } end
call('ZREM', NODES, node)
call('SADD', P .. 'dying', node)
call('PEXPIRE', P .. 'node:' .. node, 3600000)
call('UNLINK', P .. 'commands:' .. node)

local TEMPORARIES, INTERESTS, QUEUES = 64, 512, 512

local choosing = P .. 'choosing:' .. node
for _, name in ipairs(call('SRANDMEMBER', choosing, QUEUES)) do choosy.leave(openQueue(name), node) end
replicate(true)

local temporary = P .. 'temporary:' .. node
for _, name in ipairs(call('SRANDMEMBER', temporary, TEMPORARIES)) do
  removeQueue(openQueue(name))
end

local watched = P .. 'watched:' .. node
for _, each in ipairs(call('SRANDMEMBER', watched, INTERESTS)) do
  local name = string.sub(each, 2)
  if string.sub(each, 1, 1) == '=' then
    call('SREM', P .. 'interest:' .. name, node)
  else
    changeWildcard(false, node .. ' ' .. name)
  end
  call('SREM', watched, each)
end
forgetOldChanges()

-- The oldest first, so that who claims between two bites gets them in their order; also whether that is all there is. Of
-- very many, as they come: to sort those would take too long.
local SORTED = 16384
local function lowestHeld(held, wanted)
  local all = call('HLEN', held)
  if all > SORTED then
    local seqs, isSeen, cursor = {}, {}, '0'
    repeat
      local page = call('HSCAN', held, cursor, 'COUNT', math.max(16, wanted - #seqs))
      cursor = page[1]
      for i = 1, #page[2], 2 do
        local seq = page[2][i]
        if not isSeen[seq] then seqs[#seqs + 1] = seq end
        isSeen[seq] = true
      end
    until cursor == '0' or #seqs >= wanted
    return seqs, false
  end
  local seqs = call('HKEYS', held)
  if all <= wanted then return seqs, true end
  for i = 1, all do seqs[i] = tonumber(seqs[i]) end
  table.sort(seqs)
  local lowest = {}
  for i = 1, wanted do lowest[i] = string.format('%.0f', seqs[i]) end
  return lowest, false
end

local held = P .. 'durables:' .. node
for _, name in ipairs(call('SRANDMEMBER', held, INTERESTS)) do
  local all = call('HGETALL', P .. 'holders:' .. name)
  for i = 1, #all, 2 do
    if all[i + 1] == node then endHold(name, all[i]) end
  end
  call('SREM', held, name)
end

local count = 0
local busy = P .. 'busy:' .. node
for _, name in ipairs(call('SRANDMEMBER', busy, QUEUES)) do
  if count >= limit then break end
  local q = openQueue(name)
  stopWaiting(q, node)
  local seqs, isRest = lowestHeld(heldKey(node, q), limit - count)
  for _, seq in ipairs(seqs) do giveBack(q, node, seq, 'gone') end
  count = count + #seqs
  if isRest then
    replicate(true)
    call('SREM', busy, name)
  end
end
closeQueues()

replicate(true)
if call('EXISTS', temporary, watched, choosing, busy, held) > 0 then return { 'OK', count, 0 } end
call('SREM', P .. 'dying', node)
-- As long as it had interests it may have been sent something.
call('HDEL', P .. 'inboxes', node)
return { 'OK', count, 1 }
