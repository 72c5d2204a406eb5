-- Consumers of several priorities, on several nodes. A claim leaves what consumers of a higher priority on other nodes can
-- take: those were told of it, or will be, and are on their way.
--
-- ranks:<q> says for each node what its last claim was left without: `<since> <priority> <count> <priority> <count> …`.
-- `since` is when somebody first held back for it, 0 = nobody has; a node that has not come PATIENCE ms later is passed
-- over until it claims again. The hash comes with the first claim for a priority other than 0, so a queue without any pays nothing.

local PATIENCE = 250

-- For each of these ranks how many messages it has to leave to others; `heldFor` are the nodes they are left to.
local function leaveToHigher(q, node, ranks)
  local heldFor = {}
  for _, rank in ipairs(ranks) do rank.reserved = 0 end
  local known = call('HGETALL', ranksKey(q))
  for i = 1, #known, 2 do
    local since, wanted = string.match(known[i + 1], '^(%d+)(.*)$')
    if not call('ZSCORE', NODES, known[i]) then
      call('HDEL', ranksKey(q), known[i])
    elseif known[i] ~= node and (since == '0' or now() - tonumber(since) < PATIENCE) then
      for priority, count in string.gmatch(wanted, ' (-?%d+) (%d+)') do
        for _, rank in ipairs(ranks) do
          if tonumber(priority) > rank.priority then
            rank.reserved = rank.reserved + tonumber(count)
            heldFor[known[i]] = { since = since, wanted = wanted }
          end
        end
      end
    end
  end
  return heldFor
end

-- How many of `ready` messages these ranks may take.
local function allowedTo(ranks, ready)
  local allowed = 0
  for _, rank in ipairs(ranks) do
    allowed = allowed + math.min(rank.credit, math.max(0, ready - allowed - rank.reserved))
  end
  return allowed
end

-- They have to hear of what is left to them, if they have not.
local function holdBack(q, heldFor)
  for node, each in pairs(heldFor) do
    if each.since == '0' then call('HSET', ranksKey(q), node, string.format('%.0f', now()) .. each.wanted) end
    if call('ZREM', q.waiting, node) == 1 then nudge(q, node) end
  end
end

-- What a claim was left without.
local function noteRanks(q, node, ranks)
  local wanted = ''
  for _, rank in ipairs(ranks) do
    if rank.credit > 0 then wanted = wanted .. ' ' .. rank.priority .. ' ' .. rank.credit end
  end
  if wanted == '' then
    call('HDEL', ranksKey(q), node)
  else
    call('HSET', ranksKey(q), node, '0' .. wanted)
  end
end

-- Scores of waiting:<q>: the highest priority first, and of one priority who waits longest. A span is longer than any clock
-- will show.
local SPAN = 17592186044416

local function waitingScore(priority) return string.format('%.0f', now() - priority * SPAN) end

-- Who waits for this priority or a higher one has a lower score.
local function scoreBelow(priority) return string.format('(%.0f', (1 - priority) * SPAN) end

-- Puts a node in the line, where it stays if it stands there for that priority already.
local function waitFor(q, node, priority)
  if priority ~= 0 then
    local known = call('ZSCORE', q.waiting, node)
    if not known or math.floor(tonumber(known) / SPAN) ~= -priority then call('ZADD', q.waiting, waitingScore(priority), node) end
  else
    call('ZADD', q.waiting, 'NX', now(), node)
  end
end
