-- Those at rest and scheduled that expire stand in expiry:<q> as well, a sorted set by when they do. Whoever looks at the queue
-- *buries* what has expired by then: it is dead, a number of dead:<q>, by why (1 = it expired, 2 = the queue had no room for
-- it), and of no group any more. What is left of it in the order is stepped over, since who has expired never lives again.
-- expiries knows of each queue when its next message expires; 0 = it has dead ones.

-- All that others call; a chunk of Lua has no room for the names of everything.
local isExpired, bury, BURIED
do

local EXPIRED = '1'

function isExpired(stored)
  if not hasTerms(stored) then return false end
  local expiresAt = struct.unpack('<d', stored, 16)
  return expiresAt ~= 0 and expiresAt <= now()
end

local function addDead(q, reason, seqs)
  local dead = {}
  for _, seq in ipairs(seqs) do
    dead[#dead + 1] = reason
    dead[#dead + 1] = seq
  end
  callMany('ZADD', q.dead, dead)
  call('HINCRBY', q.counts, 'dead', #seqs)
  call('ZADD', P .. 'expiries', 0, q.name)
end

-- The next of their groups stand where they stood.
local function leaveTheirGroups(q, seqs)
  if not usesGroups(q) then return end
  local priorities, groups, ends = readTerms(q, seqs)
  for _, seq in ipairs(seqs) do
    if groups[seq] then
      leaveGroup(q, openGroup(q, groups[seq]), priorities[seq], seq)
      call('HSET', q.terms, seq, priorities[seq] .. ' ' .. ends[seq])
    end
  end
end

-- What has expired by now is dead, so many at a time; returns how many. What changes by that in their groups, and among those
-- at rest, is gathered.
BURIED = 1000
function bury(q)
  local expired = call('ZRANGEBYSCORE', q.expiry, '-inf', now(), 'LIMIT', 0, BURIED)
  if #expired == 0 then return 0 end
  replicate(not q.isTemporary)
  call('ZREM', q.expiry, unpack(expired))
  addDead(q, EXPIRED, expired)
  local scheduled = scheduledCount(q) > 0 and call('ZREM', q.scheduled, unpack(expired)) or 0
  q.scheduledDelta = q.scheduledDelta - scheduled
  q.readyDelta = q.readyDelta + scheduled - #expired
  leaveTheirGroups(q, expired)
  return #expired
end

end
