-- What changed in the table of wildcards.
--
-- KEYS     1 <P>nodes
-- ARGV     1 since (the version that the node has, 0 = none)
-- RETURNS  {'ALL', version, member, …} | {'CHANGES', version, how many were added, member, …, removed members…}
--          member: `<node> <pattern>`
-- GUARANTEE applied to a table of that version it gives one of the new version.
--@include base

local since = tonumber(ARGV[1])
local version, floor = unpack(call('HMGET', P .. 'store', 'wildcards', 'wildcardsFloor'))
version, floor = tonumber(version or 0), tonumber(floor or 0)
if since == 0 or since < floor or since > version then
  local reply = { 'ALL', version }
  for _, member in ipairs(call('ZRANGE', P .. 'wildcards', 0, -1)) do reply[#reply + 1] = member end
  return reply
end
local added = call('ZRANGEBYSCORE', P .. 'wildcards', '(' .. since, '+inf')
local reply = { 'CHANGES', version, #added }
for _, member in ipairs(added) do reply[#reply + 1] = member end
for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'wildcards:gone', '(' .. since, '+inf')) do reply[#reply + 1] = member end
return reply
