-- The queues there are, by pages.
--
-- KEYS     1 <P>nodes
-- ARGV     1 cursor (0 at first)
-- RETURNS  {next cursor ('0' = done), name, ready, scheduled, all messages, octets, name, …}
-- GUARANTEE a queue that is there all the time is among them, perhaps twice.
--@include base
--@include order
--@include groups
--@include queues
--@include last-values

local page = call('SSCAN', P .. 'queues', ARGV[1], 'COUNT', 256)
local reply = { page[1] }
for _, name in ipairs(page[2]) do
  local q = openQueue(name)
  local counts = call('HMGET', q.counts, 'ready', 'bytes', 'scheduled', 'parked')
  local ready, scheduled = tonumber(counts[1] or 0) + tonumber(counts[4] or 0), tonumber(counts[3] or 0)
  -- Due, and in nobody's way yet.
  local due = scheduled > 0 and call('ZCOUNT', q.scheduled, '-inf', now()) or 0
  reply[#reply + 1] = name
  reply[#reply + 1] = ready + due
  reply[#reply + 1] = scheduled - due
  reply[#reply + 1] = call('HLEN', q.messages)
  reply[#reply + 1] = tonumber(counts[2] or 0)
end
return reply
