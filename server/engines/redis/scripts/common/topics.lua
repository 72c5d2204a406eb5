-- Topics. A message goes to the inbox of each node that asked for its topic: a channel of that node, with a number of its
-- own for each message, so that the node sees every hole and how large it is. What a script publishes to a node goes in one parcel. A copy of
-- all of it stands once in the shared log, from which holes are healed. Nothing of this is replicated.

-- All that others call; a chunk of Lua has no room for the names of everything.
local keepersOf, publish, postParcels
do

local parcels, parcelNodes = {}, {}
local posted, postedTopics, postedBytes = {}, {}, 0

local versions
local function storeVersions()
  if not versions then
    local wildcards, epoch = unpack(call('HMGET', P .. 'store', 'wildcards', 'epoch'))
    versions = { wildcards = tonumber(wildcards or 0), epoch = tonumber(epoch or 0) }
  end
  return versions
end

-- Logs of durable subscriptions stand in the table as nodes do.
local LOG = '+'

-- Wildcards that the publisher's table did not have yet: their nodes get everything, and pick. Logs pick nothing, so their
-- patterns are matched here.
local latecomers, lateLogs
local function nodesSince(version)
  if latecomers then return latecomers end
  latecomers, lateLogs = {}, {}
  if storeVersions().wildcards == version then return latecomers end
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'wildcards', '(' .. version, '+inf')) do
    local node, pattern = string.match(member, '^(%S+) (.*)$')
    if string.sub(node, 1, 1) == LOG then lateLogs[#lateLogs + 1] = pattern else latecomers[node] = true end
  end
  return latecomers
end

local function wordsOf(text)
  local words = {}
  for word in string.gmatch(text .. '.', '(.-)%.') do words[#words + 1] = word end
  return words
end

-- Words by `.`: `*` stands for one, `#` for any number. From the last word to the first, each with all that may follow.
local function matches(pattern, topic)
  if pattern == topic then return true end
  if not string.find(pattern, '[*#]') then return false end
  local wanted, words, below = wordsOf(pattern), wordsOf(topic), {}
  for j = 1, #words + 1 do below[j] = j > #words end
  for i = #wanted, 1, -1 do
    local row = {}
    for j = #words + 1, 1, -1 do
      if wanted[i] == '#' then
        row[j] = below[j] or row[j + 1] or false
      else
        row[j] = j <= #words and (wanted[i] == '*' or wanted[i] == words[j]) and below[j + 1]
      end
    end
    below = row
  end
  return below[1]
end

-- The patterns whose logs keep what is published to a topic; `matched` as for `publish`.
local keeperCache = {}
function keepersOf(topic, matched, version)
  local key = topic .. '\0' .. matched
  if keeperCache[key] then return keeperCache[key] end
  local keepers, isKeeper = {}, {}
  local isTemporaryTopic = string.sub(topic, 1, 5) == 'temp:'
  local function add(pattern)
    if isKeeper[pattern] or (isTemporaryTopic and pattern ~= topic) then return end
    isKeeper[pattern] = true
    keepers[#keepers + 1] = pattern
  end
  for encoded in string.gmatch(matched, '%' .. LOG .. '(%S+)') do
    add((string.gsub(encoded, '%%(%x%x)', function(code) return string.char(tonumber(code, 16)) end)))
  end
  nodesSince(version)
  for _, pattern in ipairs(lateLogs) do if matches(pattern, topic) then add(pattern) end end
  keeperCache[key] = keepers
  return keepers
end

local targetCache = {}
local function targetsOf(topic, matched, version)
  local key = topic .. '\0' .. matched
  local targets = targetCache[key]
  if targets then return targets end
  local isTarget = {}
  targets = {}
  local function add(node)
    if isTarget[node] or string.sub(node, 1, 1) == LOG then return end
    isTarget[node] = true
    targets[#targets + 1] = node
  end
  for _, node in ipairs(call('SMEMBERS', P .. 'interest:' .. topic)) do add(node) end
  for node in string.gmatch(matched, '%S+') do add(node) end
  -- A temporary topic is for those who know its address.
  if string.sub(topic, 1, 5) ~= 'temp:' then for node in pairs(nodesSince(version)) do add(node) end end
  targetCache[key] = targets
  return targets
end

-- `entry` is what subscribers' nodes get, ready made; `matched` are the nodes whose wildcards match, as far as the
-- publisher's table of version `version` knows them.
function publish(topic, matched, version, entry)
  local targets = targetsOf(topic, matched, version)
  if #targets == 0 then return end
  posted[#posted + 1] = entry
  postedTopics[#posted] = topic
  postedBytes = postedBytes + #entry
  for _, node in ipairs(targets) do
    local parcel = parcels[node]
    if not parcel then
      parcel = { entries = {}, indexes = {} }
      parcels[node] = parcel
      parcelNodes[#parcelNodes + 1] = node
    end
    parcel.entries[#parcel.entries + 1] = entry
    parcel.indexes[#parcel.indexes + 1] = #posted
  end
end

local LOG_GENERATIONS = 4
-- What an entry of the log takes beside its fields, roughly.
local ENTRY_BYTES = 32

-- The stream to write to. Old ones go as a whole: trimming one by size would have to read what it drops.
local function logGeneration(size, capacity)
  local log = P .. 'log'
  local generation, bytes = unpack(call('HMGET', log, 'generation', 'bytes'))
  generation, bytes = tonumber(generation or 1), tonumber(bytes or 0)
  if bytes > 0 and bytes + size > capacity / LOG_GENERATIONS then
    generation, bytes = generation + 1, 0
    call('UNLINK', log .. ':' .. (generation - LOG_GENERATIONS))
  end
  call('HSET', log, 'generation', generation, 'bytes', bytes + size)
  return generation
end

local function withLengths(texts)
  local parts = {}
  for i, text in ipairs(texts) do parts[i] = struct.pack('<I4', #text) .. text end
  return table.concat(parts)
end

-- Sends the parcels. What is too large for the log leaves its numbers and topics there: lost, it is announced, not healed.
--
--     'm', f64 number of the last message in it, f64 epoch of the store, u32 generation, u32 count, u8 length, id in the log, entries…
--
-- In the log: field '' = all entries, or '-' = their topics, each with its length before it; field <node> = number, ':',
-- indexes ('' = all).
function postParcels(capacity)
  if #parcelNodes == 0 then return end
  replicate(false)
  local epoch = storeVersions().epoch
  local isKept = postedBytes <= capacity / LOG_GENERATIONS
  local fields, size = { isKept and '' or '-', withLengths(isKept and posted or postedTopics) }, ENTRY_BYTES
  -- Nobody can know then of what topics they were.
  if not isKept and #fields[2] > capacity / LOG_GENERATIONS then fields[2] = '' end
  local addressees = {}
  for _, node in ipairs(parcelNodes) do
    local parcel = parcels[node]
    parcel.number = call('HINCRBY', P .. 'inboxes', node, #parcel.entries)
    -- A publisher may not know yet that it is gone.
    if parcel.number == #parcel.entries and not call('ZSCORE', NODES, node) then
      call('HDEL', P .. 'inboxes', node)
    else
      addressees[#addressees + 1] = node
      fields[#fields + 1] = node
      fields[#fields + 1] = parcel.number .. ':' .. (#parcel.indexes == #posted and '' or table.concat(parcel.indexes, ','))
    end
  end
  if #addressees == 0 then return end
  for _, field in ipairs(fields) do size = size + #field end
  local generation = logGeneration(size, capacity)
  local id = call('XADD', P .. 'log:' .. generation, '*', unpack(fields))
  for _, node in ipairs(addressees) do
    local parcel = parcels[node]
    local head = struct.pack('<ddI4I4Bc0', parcel.number, epoch, generation, #parcel.entries, #id, id)
    call('PUBLISH', P .. 'inbox:' .. node, 'm' .. head .. table.concat(parcel.entries))
  end
end

end
