-- Shows what a durable subscription has not looked at, from its cursor or another place on; takes nothing.
--
-- KEYS     1 <P>nodes
-- ARGV     1 queue, 2 after (offset; -1 = its cursor), 3 limit (how many)
-- RETURNS  {terms (JSON), cursor, offset it begins behind, last offset, offset, stored, offset, stored, …} | {} if there is none
-- GUARANTEE none but that it is so at this moment.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include wildcard-table
--@include durable

local OCTETS = 1048576
passMemoryLimit()
local d = openDurable(ARGV[1])
local log = d and openLog(d.pattern)
if not log then return {} end
trimByBounds(log)
local after = math.max(tonumber(ARGV[2]), d.cursor, log.floor - 1)
local reply = { call('HGET', durableKey(d.name), 'terms'), d.cursor, after, log.last }
local limit = tonumber(ARGV[3])
local bytes, left = 0, limit
while left > 0 and bytes < OCTETS do
  local found = readOn(log, after, math.min(left, 32))
  if #found == 0 then break end
  for i = 1, #found, 2 do
    after = offsetOf(found[i])
    reply[#reply + 1] = after
    reply[#reply + 1] = found[i + 1]
    bytes, left = bytes + #found[i + 1], left - 1
  end
end
return reply
