-- The queues there are, by pages.
--
-- KEYS     1 <P>nodes
-- ARGV     1 cursor (0 at first)
-- RETURNS  {next cursor ('0' = done), name, ready, all messages, octets, name, …}
-- GUARANTEE a queue that is there all the time is among them, perhaps twice.
--@include base
--@include order
--@include queues

local page = call('SSCAN', P .. 'queues', ARGV[1], 'COUNT', 256)
local reply = { page[1] }
for _, name in ipairs(page[2]) do
  local q = openQueue(name)
  local counts = call('HMGET', q.counts, 'ready', 'bytes')
  reply[#reply + 1] = name
  reply[#reply + 1] = tonumber(counts[1] or 0)
  reply[#reply + 1] = call('HLEN', q.messages)
  reply[#reply + 1] = tonumber(counts[2] or 0)
end
return reply
