-- Shows messages at rest, from the head; claims nothing. Works in bounded bites.
--
-- KEYS     1 <P>nodes
-- ARGV     1 queue, 2 index (in the list, to begin at), 3 skip (so many messages), 4 limit (how many to return)
-- RETURNS  {next index or -1 at the end, how many were skipped, stored, …}
-- GUARANTEE in order; what comes and goes between two bites may be missed or shown twice.
--@include base
--@include queues

local BITE, OCTETS = 1024, 1048576
local q, index = openQueue(ARGV[1]), tonumber(ARGV[2])
local skip, limit = tonumber(ARGV[3]), tonumber(ARGV[4])
local reply, skipped, bytes = { 0, 0 }, 0, 0

-- Without tombstones places are indexes.
local length = call('LLEN', q.ready)
if index == 0 and skip > 0 and length == tonumber(call('HGET', q.counts, 'ready') or 0) then
  index, skipped = math.min(skip, length), math.min(skip, length)
end

local seqs = call('LRANGE', q.ready, index, index + BITE - 1)
local stepped = 0
for _, seq in ipairs(seqs) do
  if #reply - 2 >= limit or bytes > OCTETS then break end
  stepped = stepped + 1
  if skipped < skip then
    skipped = skipped + call('HEXISTS', q.messages, seq)
  else
    local stored = call('HGET', q.messages, seq)
    if stored then
      reply[#reply + 1] = stored
      bytes = bytes + #stored
    end
  end
end
reply[1] = index + stepped < length and index + stepped or -1
reply[2] = skipped
return reply
