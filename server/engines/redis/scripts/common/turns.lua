-- Whose turn it is among the wants of a claim: those of the highest priority that have credit, one after the other.
-- (`engines/turns.ts` does the same where nobody but the node has to know.)

-- The wants at the end of ARGV, each a consumer, its credit and its priority.
local function readTurns(from)
  local turns, byPriority = { wants = {}, ranks = {}, left = 0 }, {}
  for at = from, #ARGV, 3 do
    local credit, priority = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local rank = byPriority[priority]
    if not rank then
      rank = { priority = priority, wants = {}, credit = 0, next = 1 }
      byPriority[priority] = rank
      turns.ranks[#turns.ranks + 1] = rank
    end
    local want = { index = #turns.wants, consumer = ARGV[at], credit = credit, rank = rank }
    turns.wants[#turns.wants + 1] = want
    rank.wants[#rank.wants + 1] = want
    rank.credit = rank.credit + credit
    turns.left = turns.left + credit
  end
  table.sort(turns.ranks, function(one, other) return one.priority > other.priority end)
  return turns
end

local function spend(turns, want)
  want.credit = want.credit - 1
  want.rank.credit = want.rank.credit - 1
  turns.left = turns.left - 1
  return want
end

local function passTurn(rank) rank.next = rank.next == #rank.wants and 1 or rank.next + 1 end

-- The want of a consumer, which is served, whosever turn it is; nil if it has no credit.
local function turnOf(turns, consumer)
  for _, want in ipairs(turns.wants) do
    if want.consumer == consumer and want.credit > 0 then return spend(turns, want) end
  end
end

-- The want that is served, whose credit is one less from now on; there has to be one.
local function nextTurn(turns)
  for _, rank in ipairs(turns.ranks) do
    if rank.credit > 0 then
      while rank.wants[rank.next].credit == 0 do passTurn(rank) end
      local want = rank.wants[rank.next]
      passTurn(rank)
      return spend(turns, want)
    end
  end
end
