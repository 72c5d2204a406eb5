-- Choosy nodes: their consumers of a queue have selectors. They look through the queue by themselves (`show`), and are told of
-- every batch that makes something ready there, with the numbers of what came back: that may be where they have looked.
--
-- choosy:<q> has a field for each of them, and `told`, how often numbers were told: a node that missed some begins anew.
-- In waiting:<q> stands one member for all of them, before all others, so that a queue without any pays nothing.

local choosy = { ALL = '*', LISTED = 64 }

function choosy.key(q) return P .. 'choosy:' .. q.name end

-- Numbers separated by commas, or from where to where they are if they are many.
function choosy.brief(seqs)
  if #seqs <= choosy.LISTED then return table.concat(seqs, ',') end
  local from, to = seqs[1], seqs[1]
  for _, seq in ipairs(seqs) do
    if tonumber(seq) < tonumber(from) then from = seq end
    if tonumber(seq) > tonumber(to) then to = seq end
  end
  return from .. '-' .. to
end

function choosy.tell(q)
  local told = call('HINCRBY', choosy.key(q), 'told', #q.back > 0 and 1 or 0)
  local nudge = string.format('s%.0f %s %s', told, choosy.brief(q.back), q.name)
  for _, node in ipairs(call('HKEYS', choosy.key(q))) do
    if node ~= 'told' then call('PUBLISH', P .. 'inbox:' .. node, nudge) end
  end
  q.back = {}
end

function choosy.join(q, node)
  replicate(false)
  if call('HSETNX', choosy.key(q), node, 1) == 0 then return false end
  call('HSETNX', choosy.key(q), 'told', 0)
  call('SADD', P .. 'choosing:' .. node, q.name)
  call('ZADD', q.waiting, '-inf', choosy.ALL)
  return true
end

function choosy.leave(q, node)
  replicate(false)
  call('SREM', P .. 'choosing:' .. node, q.name)
  if call('HDEL', choosy.key(q), node) == 0 or call('HLEN', choosy.key(q)) > 1 then return end
  call('UNLINK', choosy.key(q))
  call('ZREM', q.waiting, choosy.ALL)
end
