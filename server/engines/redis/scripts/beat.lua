-- A node's sign of life, which is the lease on all it holds; and who reaps the dead.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 lease (ms), 3 info (what it says of itself, JSON), 4 heardCommands (since it joined), 5 spoken (its format of keys and values)
-- RETURNS  {'OK', epoch, parcel, generation, id, wildcards, format, dead, ended, before, command, …} | {'FENCED'}
--          parcel: number of the last one sent to the node; generation, id: where the shared log ends
--          format: in which all that is in the store is to be written from now on
--          dead: nodes for this one to reap, separated by spaces; ended (0, 1): messages have come to their end, for this node to
--          take; before: how many commands came before these
-- GUARANTEE one node reaps at a time; when it is silent for a third of a lease, the next one to beat takes over. Nobody is
--          reaped before beats of whomever came for a lease without a pause: after the server stood still, or was out of
--          everybody's reach, each node has a lease's time to be heard. A command is told until the node says that it heard it.
--          The store's format rises when no member is left that does not speak the next one.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include wildcard-table
--@include durable

local node, lease = ARGV[1], tonumber(ARGV[2])
passMemoryLimit()
-- A beat is for now: after a failover or a restart everyone is given a lease's time to be heard again.
replicate(false)
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
call('ZADD', NODES, 'XX', now(), node)
call('HSET', P .. 'node:' .. node, 'info', ARGV[3])

-- `since`: the beginning of the present row of beats, of any node; `heard`: the last of them.
local reaper, pause = P .. 'reaper', now() - lease / 3
local holder, since, heard = unpack(call('HMGET', reaper, 'node', 'since', 'heard'))
if not heard or tonumber(heard) < pause then since = now() end
local seen = holder and call('ZSCORE', NODES, holder)
if not seen or tonumber(seen) < pause then holder = node end
call('HSET', reaper, 'node', holder, 'since', string.format('%.0f', since), 'heard', string.format('%.0f', now()))

local dead, ended = {}, 0
if holder == node then
  if tonumber(since) <= now() - lease then
    for _, each in ipairs(call('ZRANGEBYSCORE', NODES, '-inf', '(' .. string.format('%.0f', now() - lease))) do
      dead[#dead + 1] = each
    end
  end
  -- Begun, and not ended: its reaper died.
  for _, each in ipairs(call('SMEMBERS', P .. 'dying')) do dead[#dead + 1] = each end
  ended = #call('ZRANGEBYSCORE', P .. 'expiries', '-inf', now(), 'LIMIT', 0, 1)
end

-- Durable subscriptions that nobody has used for long enough end, some with each beat.
if holder == node then
  for _, name in ipairs(call('ZRANGEBYSCORE', P .. 'unused', '-inf', number(now()), 'LIMIT', 0, 4)) do
    replicate(true)
    call('ZREM', P .. 'unused', name)
    if #livingHolders(name) == 0 then removeDurable(name) end
  end
  replicate(false)
end

local generation = call('HGET', P .. 'log', 'generation') or '1'
local newest = call('XREVRANGE', P .. 'log:' .. generation, '+', '-', 'COUNT', 1)[1]
local epoch, wildcards, format = unpack(call('HMGET', P .. 'store', 'epoch', 'wildcards', 'format'))
local spoken = tonumber(ARGV[5])
if format and tonumber(format) < spoken then
  local least = spoken
  for _, each in ipairs(call('ZRANGE', NODES, 0, -1)) do
    least = math.min(least, tonumber(call('HGET', P .. 'node:' .. each, 'spoken') or format))
  end
  if least > tonumber(format) then
    format = least
    replicate(true)
    call('HSET', P .. 'store', 'format', format)
    replicate(false)
  end
end
local reply = {
  'OK', epoch or '0', call('HGET', P .. 'inboxes', node) or '0', generation, newest and newest[1] or '0-0', wildcards or '0',
  format or '0', table.concat(dead, ' '), ended,
}
local record, commands, heardCommands = P .. 'node:' .. node, P .. 'commands:' .. node, tonumber(ARGV[4])
local before = tonumber(call('HGET', record, 'commands') or 0)
if heardCommands > before then
  replicate(true)
  call('LTRIM', commands, heardCommands - before, -1)
  call('HSET', record, 'commands', heardCommands)
  replicate(false)
  before = heardCommands
end
reply[#reply + 1] = before
for _, command in ipairs(call('LRANGE', commands, 0, -1)) do reply[#reply + 1] = command end

-- So that a bus which hears nothing is known to be dead.
call('PUBLISH', P .. 'inbox:' .. node, 'b')
return reply
