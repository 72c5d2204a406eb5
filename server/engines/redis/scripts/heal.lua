-- Reads a node's parcels once more, from the shared log.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 generation, 3 id (in it, to read on behind)
-- RETURNS  {next generation, next id, is there more (0, 1), what, entries, what, entries, …}
--          what: `<number of its last message>:<indexes of its entries, separated by commas; none = all>`
--          entries: each with its length before it (u32). With `-` before the number they were too large to be kept, and
--          these are their topics; empty = nor were those
-- GUARANTEE in the order of their numbers; what is missing between two of them is lost.
--@include base

-- A bite is small enough for the sockets of those who are given all of it in one turn.
local ENTRIES, OCTETS = 64, 524288
local node, generation, id = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local newest = tonumber(call('HGET', P .. 'log', 'generation') or 1)
local oldest = math.max(1, newest - 3)
if generation > newest or generation < oldest then generation, id = oldest, '0-0' end

local reply, bytes = { 0, id, 0 }, 0
while true do
  local page = call('XRANGE', P .. 'log:' .. generation, '(' .. id, '+', 'COUNT', ENTRIES)
  for _, entry in ipairs(page) do
    id = entry[1]
    local fields, entries, sign = entry[2], nil, ''
    for i = 1, #fields, 2 do
      if fields[i] == '' then entries = fields[i + 1]
      elseif fields[i] == '-' then entries, sign = fields[i + 1], '-'
      elseif fields[i] == node then
        reply[#reply + 1] = sign .. fields[i + 1]
        reply[#reply + 1] = entries
        bytes = bytes + #entries
      end
    end
    if bytes > OCTETS then break end
  end
  if bytes > OCTETS or #page == ENTRIES then
    reply[3] = 1
    break
  end
  if generation >= newest then break end
  generation, id = generation + 1, '0-0'
end
reply[1], reply[2] = generation, id
return reply
