-- Choosy nodes: their consumers of a queue have selectors. They look through the queue by themselves (`show`), and are told of
-- every batch that makes something ready there, with the numbers of what came back: that may be where they have looked.
--
-- choosy:<q> has a field for each of them, and `told`, how often numbers were told: a node that missed some begins anew.
-- In waiting:<q> stands one member for all of them, before all others, so that a queue without any pays nothing.

local CHOOSY, LISTED = '*', 64

local function choosyKey(q) return P .. 'choosy:' .. q.name end

-- Numbers separated by commas, or from where to where they are if they are many.
local function briefly(seqs)
  if #seqs <= LISTED then return table.concat(seqs, ',') end
  local from, to = seqs[1], seqs[1]
  for _, seq in ipairs(seqs) do
    if tonumber(seq) < tonumber(from) then from = seq end
    if tonumber(seq) > tonumber(to) then to = seq end
  end
  return from .. '-' .. to
end

local function tellChoosy(q)
  local told = call('HINCRBY', choosyKey(q), 'told', #q.back > 0 and 1 or 0)
  local nudge = string.format('s%.0f %s %s', told, briefly(q.back), q.name)
  for _, node in ipairs(call('HKEYS', choosyKey(q))) do
    if node ~= 'told' then call('PUBLISH', P .. 'inbox:' .. node, nudge) end
  end
  q.back = {}
end

local function choose(q, node)
  replicate(false)
  if call('HSETNX', choosyKey(q), node, 1) == 0 then return false end
  call('SADD', P .. 'choosing:' .. node, q.name)
  call('ZADD', q.waiting, '-inf', CHOOSY)
  return true
end

local function chooseNoMore(q, node)
  replicate(false)
  call('SREM', P .. 'choosing:' .. node, q.name)
  if call('HDEL', choosyKey(q), node) == 0 or call('HLEN', choosyKey(q)) > 1 then return end
  call('UNLINK', choosyKey(q))
  call('ZREM', q.waiting, CHOOSY)
end
