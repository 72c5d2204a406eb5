-- The nodes there are.
--
-- KEYS     1 <P>nodes
-- RETURNS  {node, last beat in ms, joined in ms, what it says of itself (JSON), node, …}
-- GUARANTEE none is a member that was fenced.
--@include base

local reply = {}
local members = call('ZRANGE', NODES, 0, -1, 'WITHSCORES')
for i = 1, #members, 2 do
  local joined, info = unpack(call('HMGET', P .. 'node:' .. members[i], 'joined', 'info'))
  for _, each in ipairs({ members[i], members[i + 1], joined or '0', info or '{}' }) do reply[#reply + 1] = each end
end
return reply
