-- The queues there are, by pages.
--
-- KEYS     1 <P>nodes
-- ARGV     1 cursor (0 at first)
-- RETURNS  {next cursor ('0' = done), name, ready, scheduled, dead, all messages, octets, name, …}
-- GUARANTEE a queue that is there all the time is among them, perhaps twice.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include dead

local page = call('SSCAN', P .. 'queues', ARGV[1], 'COUNT', 256)
local reply = { page[1] }
for _, name in ipairs(page[2]) do
  local q = openQueue(name)
  local counts = call('HMGET', q.counts, 'ready', 'bytes', 'scheduled', 'parked', 'dead')
  local ready, scheduled = tonumber(counts[1] or 0) + tonumber(counts[4] or 0), tonumber(counts[3] or 0)
  -- Due, and in nobody's way yet.
  local due = scheduled > 0 and call('ZCOUNT', q.scheduled, '-inf', now()) or 0
  ready, scheduled = ready + due, scheduled - due
  local expired = usesExpiry(q) and call('ZRANGEBYSCORE', q.expiry, '-inf', now(), 'LIMIT', 0, BURIED) or {}
  for _, seq in ipairs(expired) do
    local dueAt = scheduled > 0 and call('ZSCORE', q.scheduled, seq)
    if dueAt and tonumber(dueAt) > now() then scheduled = scheduled - 1 else ready = ready - 1 end
  end
  reply[#reply + 1] = name
  reply[#reply + 1] = ready
  reply[#reply + 1] = scheduled
  reply[#reply + 1] = tonumber(counts[5] or 0) + #expired
  reply[#reply + 1] = call('HLEN', q.messages)
  reply[#reply + 1] = tonumber(counts[2] or 0)
end
return reply
