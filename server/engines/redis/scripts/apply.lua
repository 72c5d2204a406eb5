-- Applies a numbered batch of groups, each of them whole or not at all. The heart of both lanes.
--
-- KEYS     1 <P>nodes
-- ARGV     1 node, 2 lane (`durable`, `volatile`), 3 number (of the batch in its lane), 4 puts (at most), 5 grows (does it
--          need room: 0, 1), 6 version (of the node's table of wildcards), 7 capacity (octets the shared log may take),
--          then for each group: how many operations, chain (0 = none), operations:
--          E queue stored | P topic matched maxMessages (-1 = no log, 0 = any number) maxAgeMs entry
--          e queue stored                                                 of a message that was perhaps delivered before
--          S queue seq | R queue seq reason dueAt (0 = at once) | M queue seq to stored       of a message held: refused if it is not
--          s queue seq | r queue seq reason dueAt | m queue seq to stored       of one that may have been taken away meanwhile
--          L queue seq | N                                                settles late, does nothing
--          O key windowMs                          the operation behind it is left out if the key was used within its window
--          C queue | D queue | Z queue limit                              creates a temporary, drops, purges
--          or, in place of several groups of one operation, E, P or S, that differ in its last argument alone:
--          `*`, how many, chain (or those of all, separated by commas), operation, last argument of the second, …
-- RETURNS  {'OK', results, lost} | {'DUP', results} | {'STALE', last} | {'FENCED'}
--          results: for each group, separated by commas, how many late settles missed (Z: how many were purged), behind a
--          colon how many operations were left out, if any were;
--          `n` = a message was not held, `c` = an earlier group of its chain failed; nothing was changed by those.
--          lost: batches that were acknowledged and that the server has forgotten
-- GUARANTEE a batch is applied once, however often it is sent and also after its node was fenced; batches of a lane are
--          applied in the order of their numbers. At `maxmemory` a batch that needs room changes nothing (`OOM`), any
--          other passes.
--@include base
--@include gaps
--@include order
--@include groups
--@include choosy
--@include queues
--@include last-values
--@include dead
--@include wildcard-table
--@include topics
--@include topic-logs
--@include repeats
--@include durable

local node, lane, number = ARGV[1], ARGV[2], tonumber(ARGV[3])
local puts, version, capacity = tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7])
local record = P .. 'node:' .. node

local last = tonumber(call('HGET', record, lane) or 0)
if last == number then return { 'DUP', call('HGET', record, lane .. 'Reply') } end
if not call('ZSCORE', NODES, node) then return { 'FENCED' } end
if last > number then return { 'STALE', last } end

if ARGV[5] == '0' then passMemoryLimit() end

local ARITY = { E = 3, e = 3, P = 6, S = 3, R = 5, M = 5, s = 3, r = 5, m = 5, L = 3, C = 2, D = 2, Z = 3, N = 1, O = 3 }
-- Bodies that a purge reads at most, or a little more: then it is done for this time.
local PURGED_OCTETS = 1048576
local results, brokenChains = {}, {}
local at = 8

-- What a message that must be held counts; by the place of its operation.
local bytesAt

-- Operations that are left out, by their places; nil where nothing is to happen once.
local leftOut

local function leaveOutRepeat(i, key, keys)
  leftOut = leftOut or {}
  if keys[key] or isUsed(key) then leftOut[i] = true end
  keys[key] = true
end

-- Nothing is changed by a group of which one message is not held, so this comes first.
local function isPossible(first, count)
  bytesAt, leftOut = {}, nil
  local seen = {}
  local i = first
  for _ = 1, count do
    local kind = ARGV[i]
    if kind == 'S' or kind == 'R' or kind == 'M' then
      local key = ARGV[i + 1] .. '\0' .. ARGV[i + 2]
      bytesAt[i] = not seen[key] and heldBytes(openQueue(ARGV[i + 1]), node, ARGV[i + 2])
      if not bytesAt[i] then return false end
      seen[key] = true
    elseif kind == 'O' then
      leaveOutRepeat(i + ARITY.O, ARGV[i + 1], seen)
    end
    i = i + ARITY[kind]
  end
  return true
end

local function settle(q, seq, bytes)
  letGo(q, node, seq)
  drop(q, seq, bytes)
end

-- Each is called with the place of the operation, and that of its last argument where a run has many.
local verbs = {}
function verbs.E(i, last) put(openQueue(ARGV[i + 1]), ARGV[last], puts) end
function verbs.e(i)
  local q = openQueue(ARGV[i + 1])
  local seq = put(q, ARGV[i + 2], puts)
  if seq then countAttempt(q, seq, 'gone') end
end
function verbs.S(i) settle(openQueue(ARGV[i + 1]), ARGV[i + 2], bytesAt[i]) end
function verbs.R(i) giveBack(openQueue(ARGV[i + 1]), node, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]) end
function verbs.M(i)
  settle(openQueue(ARGV[i + 1]), ARGV[i + 2], bytesAt[i])
  put(openQueue(ARGV[i + 3]), ARGV[i + 4], puts)
end
function verbs.N() end
function verbs.O(i)
  if not leftOut[i + ARITY.O] then use(ARGV[i + 1], ARGV[i + 2]) end
end
function verbs.L(i) return dropAtRest(openQueue(ARGV[i + 1]), ARGV[i + 2]) and 0 or 1 end

function verbs.s(i)
  local q = openQueue(ARGV[i + 1])
  local bytes = heldBytes(q, node, ARGV[i + 2])
  if not bytes then return verbs.L(i) end
  settle(q, ARGV[i + 2], bytes)
end
function verbs.r(i)
  if heldBytes(openQueue(ARGV[i + 1]), node, ARGV[i + 2]) then verbs.R(i) end
end
function verbs.m(i)
  bytesAt[i] = heldBytes(openQueue(ARGV[i + 1]), node, ARGV[i + 2])
  if bytesAt[i] then verbs.M(i) end
end

function verbs.P(i, last)
  local topic, matched, entry = ARGV[i + 1], ARGV[i + 2], ARGV[last]
  local maxMessages = tonumber(ARGV[i + 3])
  for _, pattern in ipairs(keepersOf(topic, matched, version)) do keep(pattern, entry) end
  if maxMessages >= 0 then
    local epoch, offset = appendToLog(topic, string.sub(entry, 2), maxMessages, tonumber(ARGV[i + 4]))
    entry = '\1' .. struct.pack('<dBc0', offset, #epoch, epoch) .. string.sub(entry, 2)
  end
  publish(topic, matched, version, entry)
end

function verbs.C(i)
  local q = openQueue(ARGV[i + 1])
  replicate(false)
  call('SADD', P .. 'queues', q.name)
  call('SADD', P .. 'temporary:' .. node, q.name)
  q.isThere = true
end
function verbs.D(i)
  local q = openQueue(ARGV[i + 1])
  closeQueue(q, node)
  if not mayBeDurable(q.name) or not removeDurable(q.name) then removeQueue(q) end
end
function verbs.Z(i)
  local q, limit, purged = openQueue(ARGV[i + 1]), tonumber(ARGV[i + 2]), 0
  closeQueue(q, node)
  replicate(not q.isTemporary)
  if usesExpiry(q) then bury(q) end
  if scheduledCount(q) > 0 then q.woken = q.woken + promote(q) end
  local read, chunk = 0, 1
  for _, priority in ipairs(prioritiesOf(q)) do
    local fromParked = 0
    while purged < limit and read < PURGED_OCTETS do
      local seqs, parked = takeAtRest(q, priority, fromParked, math.min(limit - purged, chunk))
      fromParked = fromParked + parked
      if #seqs == 0 then break end
      chunk = math.min(64, chunk * 2)
      local stored = call('HMGET', q.messages, unpack(seqs))
      for i, seq in ipairs(seqs) do
        -- What is left of one that is dead, or will be when it is buried, is none.
        if stored[i] and not isExpired(stored[i]) then
          drop(q, seq, bytesOf(stored[i]))
          read = read + #stored[i]
          purged = purged + 1
        end
      end
    end
  end
  q.readyDelta = q.readyDelta - purged
  if purged < limit and read < PURGED_OCTETS and mayBeDurable(q.name) then purged = purged + stepOver(q.name, limit - purged) end
  return purged
end

-- `done`: what is told of the group; nil if a message was not held.
local function conclude(chain, done)
  if not done and chain ~= '0' then brokenChains[chain] = true end
  results[#results + 1] = done or 'n'
end

local function applyGroup()
  local count, chain = tonumber(ARGV[at]), ARGV[at + 1]
  local i = at + 2
  local isBroken = brokenChains[chain]
  local canBeDone = not isBroken and isPossible(i, count)
  local total, repeats = 0, 0
  for _ = 1, count do
    local kind = ARGV[i]
    local next = i + ARITY[kind]
    if canBeDone and leftOut and leftOut[i] then repeats = repeats + 1
    elseif canBeDone then total = total + (verbs[kind](i, next - 1) or 0) end
    i = next
  end
  at = i
  if repeats > 0 then total = total .. ':' .. repeats end
  conclude(chain, isBroken and 'c' or canBeDone and total or nil)
end

local function chainsOf(text)
  if not string.find(text, ',', 1, true) then return end
  local chains = {}
  for chain in string.gmatch(text, '%d+') do chains[#chains + 1] = chain end
  return chains
end

local function applyRun()
  local count, chain, i = tonumber(ARGV[at + 1]), ARGV[at + 2], at + 3
  local chains, kind = chainsOf(chain), ARGV[i]
  local first = i + ARITY[kind] - 1
  local settled = kind == 'S' and openQueue(ARGV[i + 1])
  local held = settled and heldOctets(settled, node, first, first + count - 1)
  for k = 1, count do
    local last = first + k - 1
    chain = chains and chains[k] or chain
    if brokenChains[chain] then
      conclude(chain, 'c')
    elseif not settled then
      verbs[kind](i, last)
      conclude(chain, 0)
    elseif held[k] and not settled.letGo[ARGV[last]] then
      settle(settled, ARGV[last], held[k])
      conclude(chain, 0)
    else
      conclude(chain, nil)
    end
  end
  at = first + count
end

while at <= #ARGV do
  if ARGV[at] == '*' then applyRun() else applyGroup() end
end

closeQueues(node)
closeLogs()
postParcels(capacity)

local reply = table.concat(results, ',')
replicate(lane == 'durable')
call('HSET', record, lane, number, lane .. 'Reply', reply)
return { 'OK', reply, number - 1 - last }
