-- After a claim whose answer was lost: gives back what the node holds without knowing.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 number (of the claim: the lost one is older, and does nothing should it still arrive), 3 queue,
--          then the numbers of the messages the node knows it holds
-- RETURNS  {'OK', how many were given back} | {'STALE'} | {'FENCED'}
-- GUARANTEE they are back in their places and nothing is counted: nobody has seen them.
--@include base
--@include numbers-of-claims
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values

local node, number = ARGV[1], tonumber(ARGV[2])
local refusal = refuseClaim(node, number)
if refusal then return refusal end

local q = openQueue(ARGV[3])
local isKnown = {}
for i = 4, #ARGV do isKnown[ARGV[i]] = true end
local count = 0
for _, seq in ipairs(call('HKEYS', heldKey(node, q))) do
  if not isKnown[seq] then
    giveBack(q, node, seq, 'undelivered')
    count = count + 1
  end
end
closeQueues(node)
return { 'OK', count }
