-- A node's sign of life, which is the lease on all it holds; and the reaper's term.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 lease in ms, 3 what it says of itself (JSON)
-- RETURNS  {'OK', epoch, parcel, generation, id, wildcards, dead, command, …} | {'FENCED'}
--          parcel: number of the last one sent to the node; generation, id: where the shared log ends
--          dead: nodes for this one to reap, separated by spaces
-- GUARANTEE one node reaps at a time. It reaps nobody during the first lease of its term, and its term begins anew when its
--          own beats were late: after the server or the reaper stood still, everyone has a lease's time to be heard.
--@include base

local node, lease = ARGV[1], tonumber(ARGV[2])
passMemoryLimit()
-- A beat is for now: after a failover or a restart everyone is given a lease's time to be heard again.
replicate(false)
local before = call('ZSCORE', NODES, node)
if not before then return { 'FENCED' } end
call('ZADD', NODES, 'XX', now, node)
call('HSET', P .. 'node:' .. node, 'info', ARGV[3])

local reaper = P .. 'reaper'
local holder, since = unpack(call('HMGET', reaper, 'node', 'since'))
local seen = holder and call('ZSCORE', NODES, holder)
local isVacant = not seen or tonumber(seen) < now - lease
if isVacant or (holder == node and tonumber(before) < now - lease / 3) then
  holder, since = node, now
  call('HSET', reaper, 'node', node, 'since', string.format('%.0f', now))
end

local dead = {}
if holder == node then
  if tonumber(since) <= now - lease then
    for _, each in ipairs(call('ZRANGEBYSCORE', NODES, '-inf', '(' .. string.format('%.0f', now - lease))) do
      dead[#dead + 1] = each
    end
  end
  -- Begun, and not ended: its reaper died.
  for _, each in ipairs(call('SMEMBERS', P .. 'dying')) do dead[#dead + 1] = each end
end

local generation = call('HGET', P .. 'log', 'generation') or '1'
local newest = call('XREVRANGE', P .. 'log:' .. generation, '+', '-', 'COUNT', 1)[1]
local epoch, wildcards = unpack(call('HMGET', P .. 'store', 'epoch', 'wildcards'))
local reply = {
  'OK', epoch or '0', call('HGET', P .. 'inboxes', node) or '0', generation, newest and newest[1] or '0-0', wildcards or '0',
  table.concat(dead, ' '),
}
local commands = P .. 'commands:' .. node
for _, command in ipairs(call('LRANGE', commands, 0, -1)) do reply[#reply + 1] = command end
if #reply > 7 then
  replicate(true)
  call('DEL', commands)
  replicate(false)
end

-- So that a bus which hears nothing is known to be dead.
call('PUBLISH', P .. 'inbox:' .. node, 'b')
return reply
