-- Moves messages that a node has looked at from the log of a durable subscription into its queue, and steps over the others.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 queue, 3 cursor (as it was), 4 to (the last offset looked at), then the offsets to take
-- RETURNS  {'OK'} | {'STALE'} somebody else has come further meanwhile | {'FENCED'}
-- GUARANTEE each message is taken once: who was asked twice finds another cursor.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include wildcard-table
--@include durable

local node, cursor, to = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
passMemoryLimit()
local d = openDurable(ARGV[2])
local log = d and openLog(d.pattern)
if not log or d.cursor ~= cursor or to > log.last then return { 'STALE' } end
local q = openQueue(d.name)
local missed = d.missed + math.max(0, log.floor - 1 - cursor)
for i = 5, #ARGV do
  local entry = call('XRANGE', log.stream, ARGV[i] .. '-0', '+', 'COUNT', 1)[1]
  -- What was forgotten meanwhile is counted above.
  if entry and offsetOf(entry[1]) == tonumber(ARGV[i]) then
    take(q, entry[1], entry[2][2], missed, #ARGV - 4)
    missed = 0
  end
end
closeTaken(q)
moveCursor(d, log, math.max(to, log.floor - 1), missed)
return { 'OK' }
