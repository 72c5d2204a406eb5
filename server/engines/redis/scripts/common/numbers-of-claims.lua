-- Claims of a node are numbered upwards, and so is what must not be overtaken by one: whichever arrives late does nothing.

-- What to answer at once; nil if this one is in its turn, which is then noted.
local function refuseClaim(node, number)
  if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
  passMemoryLimit()
  local record = P .. 'node:' .. node
  if tonumber(call('HGET', record, 'claim') or 0) >= number then return { 'STALE' } end
  replicate(false)
  call('HSET', record, 'claim', number)
end
