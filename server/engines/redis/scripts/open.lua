-- The first words on every connection. Finds out whether this is the server it was; makes a node a member if it asks.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 isJoining (0, 1), 3 info (what it says of itself, JSON), 4 spoken (its format of keys and values)
-- RETURNS  {'FOREIGN', format} where the store is of a format that the node cannot share, else
--          {'JOINED' | 'MEMBER' | 'FENCED' | 'TAKEN', epoch, suspect, durable, volatile, inbox, generation, id, wildcards, table, format}
--          epoch: another for each server process and each loss of everything
--          suspect: messages up to this number were there when the epoch began: perhaps they were delivered before
--          durable, volatile: number of the last batch of the node's lanes
--          inbox: number of its last parcel; generation, id: where the shared log ends
--          wildcards: version of the table; table: its name, another with each epoch
--          format: in which all that is in the store is to be written
-- GUARANTEE no number of a message is given out twice, also when the server forgot that it was given out: numbers follow
--          the clock, a thousand and twenty-four to the millisecond.
--@include base

local node, isJoining = ARGV[1], ARGV[2] == '1'
passMemoryLimit()

local store = P .. 'store'
-- A node reads and writes its own format and the one before, or no node could be replaced while others run. The store's
-- begins with its first node, and rises when all members speak the next one (`beat`); back it never goes.
local spoken = tonumber(ARGV[4])
call('HSETNX', store, 'format', spoken)
local format = tonumber(call('HGET', store, 'format'))
if format > spoken or format < spoken - 1 then return { 'FOREIGN', format } end

local run = string.match(call('INFO', 'server'), 'run_id:(%w+)')
if call('HGET', store, 'run') ~= run then
  local seq = tonumber(call('GET', P .. 'seq') or 0)
  local first = string.format('%.0f', math.max(seq + 1048576, now() * 1024))
  call('SET', P .. 'seq', first)
  call('SET', P .. 'seq:temporary', first)
  local epoch = math.max(now(), tonumber(call('HGET', store, 'epoch') or 0) + 1)
  call('HSET', store, 'run', run, 'epoch', string.format('%.0f', epoch), 'suspect', string.format('%.0f', seq))
  -- A word that no other table of wildcards has, in whichever database: names of nodes are unique, epochs are not.
  call('HSET', store, 'table', string.format('%s/%.0f', node, epoch))
  -- What was on its way to the nodes went with the old process.
  local generation = tonumber(call('HGET', P .. 'log', 'generation') or 0)
  for back = 0, 4 do call('UNLINK', P .. 'log:' .. (generation - back)) end
  call('UNLINK', P .. 'log', P .. 'inboxes')
end

local record = P .. 'node:' .. node
local state = call('ZSCORE', NODES, node) and 'MEMBER' or 'FENCED'
if isJoining and state == 'MEMBER' then
  state = 'TAKEN'
elseif isJoining then
  call('ZADD', NODES, now(), node)
  call('HSET', record, 'info', ARGV[3], 'spoken', spoken, 'joined', string.format('%.0f', now()))
  state = 'JOINED'
end

local durable, volatile = unpack(call('HMGET', record, 'durable', 'volatile'))
local generation = call('HGET', P .. 'log', 'generation') or '1'
local newest = call('XREVRANGE', P .. 'log:' .. generation, '+', '-', 'COUNT', 1)[1]
local epoch, suspect, wildcards, tableName = unpack(call('HMGET', store, 'epoch', 'suspect', 'wildcards', 'table'))
return {
  state, epoch, suspect, durable or '0', volatile or '0', call('HGET', P .. 'inboxes', node) or '0',
  generation, newest and newest[1] or '0-0', wildcards or '0', tableName or '', format,
}
