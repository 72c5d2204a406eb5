-- Takes back what a dead or leaving node had, in bounded bites: messages to their places, temporary queues, interest.
--
-- KEYS     1 <P>nodes
-- ARGV     1 the node, 2 lease in ms (below 0: whatever its last beat), 3 messages at most
-- RETURNS  {'ALIVE'} | {'OK', messages given back, whether all is done (0, 1)}
-- GUARANTEE from the first bite on the node is fenced: whatever it still sends is refused, but its last durable batch is
--          known for an hour, so that it learns what became of it. Each message comes back with one more recovery.
--@include base
--@include queues
--@include wildcard-table

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

-- The oldest first, so that who claims between two bites gets them in their order. Of very many, as they come: to sort
-- those would take too long.
local SORTED = 16384
local function heldBy(q)
  local held = heldKey(node, q)
  if call('HLEN', held) > SORTED then
    local seqs, cursor, page = {}, '0', nil
    repeat
      cursor, page = unpack(call('HSCAN', held, cursor, 'COUNT', limit))
      for i = 1, #page, 2 do seqs[#seqs + 1] = page[i] end
    until cursor == '0' or #seqs >= limit
    return seqs
  end
  local seqs = call('HKEYS', held)
  table.sort(seqs, function(a, b) return tonumber(a) < tonumber(b) end)
  return seqs
end

local count = 0
local busy = P .. 'busy:' .. node
for _, name in ipairs(call('SRANDMEMBER', busy, QUEUES)) do
  if count >= limit then break end
  local q = openQueue(name)
  replicate(false)
  call('ZREM', q.waiting, node)
  replicate(not q.isTemporary)
  local before = count
  for _, seq in ipairs(heldBy(q)) do
    if count >= limit then break end
    if not q.letGo[seq] then
      giveBack(q, node, seq, 'gone')
      count = count + 1
    end
  end
  if call('HLEN', heldKey(node, q)) == count - before then
    replicate(true)
    call('SREM', busy, name)
  end
end
closeQueues()

replicate(true)
if call('EXISTS', temporary, watched, busy) > 0 then return { 'OK', count, 0 } end
call('SREM', P .. 'dying', node)
-- As long as it had interests it may have been sent something.
call('HDEL', P .. 'inboxes', node)
return { 'OK', count, 1 }
