-- Gaps: numbers that stand in a list of the order although they are held, since a selector took them from its middle, where a
-- list has no way out. gaps:<q> is the set of them. Who meets one at the head takes it out of both; one that is given back is
-- out of the set, and so at rest again where it stands. A queue without selectors has none, and pays nothing.

local gaps = {}

-- One question tells of most queues that they have neither gaps nor terms.
function gaps.findUses(q)
  local count = call('EXISTS', q.terms, q.gapsKey)
  q.usesTerms = count == 2 or (count == 1 and call('EXISTS', q.terms) == 1)
  q.usesGaps = count == 2 or (count == 1 and not q.usesTerms)
end

function gaps.areUsed(q)
  if q.usesGaps == nil then gaps.findUses(q) end
  return q.usesGaps
end

-- For each of these numbers whether it is one.
function gaps.among(q, seqs)
  local isGap = {}
  for from = 1, #seqs, CHUNK do
    for _, each in ipairs(call('SMISMEMBER', q.gapsKey, unpack(seqs, from, math.min(from + CHUNK - 1, #seqs)))) do isGap[#isGap + 1] = each == 1 end
  end
  return isGap
end

-- These numbers without the gaps among them, which are none any more.
function gaps.without(q, seqs)
  if #seqs == 0 or not gaps.areUsed(q) then return seqs end
  local isGap, closed, others = gaps.among(q, seqs), {}, {}
  for i, seq in ipairs(seqs) do table.insert(isGap[i] and closed or others, seq) end
  if #closed > 0 then callMany('SREM', q.gapsKey, closed) end
  return others
end

-- Takes those at the head of a list away, so many at most.
function gaps.close(q, list)
  local PAGES, PAGE = 32, 128
  if not gaps.areUsed(q) then return end
  for _ = 1, PAGES do
    local head = call('LRANGE', list, 0, PAGE - 1)
    if #head == 0 then return end
    local isGap, closed = gaps.among(q, head), {}
    while isGap[#closed + 1] do closed[#closed + 1] = head[#closed + 1] end
    if #closed > 0 then
      call('LPOP', list, #closed)
      callMany('SREM', q.gapsKey, closed)
    end
    if #closed < #head then return end
  end
end
