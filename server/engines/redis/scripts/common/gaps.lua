-- Gaps: numbers that stand in a list of the order although they are held, since a selector took them from its middle, where a
-- list has no way out. gaps:<q> is the set of them. Who meets one at the head takes it out of both; one that is given back is
-- out of the set, and so at rest again where it stands. A queue without selectors has none, and pays nothing.

-- One question tells of most queues that they have neither gaps nor terms.
local function findUses(q)
  local count = call('EXISTS', q.terms, q.gaps)
  q.usesTerms = count == 2 or (count == 1 and call('EXISTS', q.terms) == 1)
  q.usesGaps = count == 2 or (count == 1 and not q.usesTerms)
end

local function usesGaps(q)
  if q.usesGaps == nil then findUses(q) end
  return q.usesGaps
end

-- For each of these numbers whether it is one.
local function areGaps(q, seqs)
  local gaps = {}
  for from = 1, #seqs, CHUNK do
    for _, each in ipairs(call('SMISMEMBER', q.gaps, unpack(seqs, from, math.min(from + CHUNK - 1, #seqs)))) do gaps[#gaps + 1] = each == 1 end
  end
  return gaps
end

-- These numbers without the gaps among them, which are none any more.
local function withoutGaps(q, seqs)
  if #seqs == 0 or not usesGaps(q) then return seqs end
  local gaps, closed, others = areGaps(q, seqs), {}, {}
  for i, seq in ipairs(seqs) do table.insert(gaps[i] and closed or others, seq) end
  if #closed > 0 then callMany('SREM', q.gaps, closed) end
  return others
end

-- Takes those at the head of a list away, so many at most.
local PAGES, PAGE = 32, 128
local function closeGaps(q, list)
  if not usesGaps(q) then return end
  for _ = 1, PAGES do
    local head = call('LRANGE', list, 0, PAGE - 1)
    if #head == 0 then return end
    local gaps, closed = areGaps(q, head), {}
    while gaps[#closed + 1] do closed[#closed + 1] = head[#closed + 1] end
    if #closed > 0 then
      call('LPOP', list, #closed)
      callMany('SREM', q.gaps, closed)
    end
    if #closed < #head then return end
  end
end
