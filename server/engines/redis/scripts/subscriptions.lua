-- The durable subscriptions there are, by pages.
--
-- KEYS     1 <P>nodes
-- ARGV     1 cursor (0 at first)
-- RETURNS  {next cursor ('0' = done), name, terms (JSON), holders, unused (since, ms; 0 = it is held), backlog, octets of that,
--          ready, ready and held ones in its queue, name, …}
-- GUARANTEE one that is there all the time is among them, perhaps twice.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include wildcard-table
--@include durable

passMemoryLimit()
local page = call('SSCAN', P .. 'durables', ARGV[1], 'COUNT', 128)
local reply = { page[1] }
for _, name in ipairs(page[2]) do
  local d, q = openDurable(name), openQueue(name)
  local log = d and openLog(d.pattern)
  if log then
    local holders = #livingHolders(name)
    local terms, unused = unpack(call('HMGET', durableKey(name), 'terms', 'unused'))
    local backlog, bytes = backlogOf(d, log), 0
    if backlog > 0 then
      local first = call('XRANGE', log.stream, number(math.max(d.cursor + 1, log.floor)) .. '-0', '+', 'COUNT', 1)[1]
      if first then bytes = log.ended - tonumber(first[2][4]) + bytesOf(first[2][2]) end
    end
    local ready, scheduled = unpack(call('HMGET', q.counts, 'ready', 'scheduled'))
    local present = call('HLEN', q.messages) - tonumber(scheduled or 0)
    for _, each in ipairs({ name, terms, holders, unused, backlog, bytes, tonumber(ready or 0), present }) do
      reply[#reply + 1] = each
    end
  end
end
return reply
