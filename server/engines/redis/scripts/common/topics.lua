-- Topics. A message goes to the inbox of each node that asked for its topic: a channel of that node, with a number of its
-- own on each parcel, so that the node sees every hole. What a script publishes to a node goes in one parcel. A copy of
-- all of it stands once in the shared log, from which holes are healed. Nothing of this is replicated.

local parcels, parcelNodes = {}, {}
local posted, postedBytes = {}, 0

local versions
local function storeVersions()
  if not versions then
    local wildcards, epoch = unpack(call('HMGET', P .. 'store', 'wildcards', 'epoch'))
    versions = { wildcards = tonumber(wildcards or 0), epoch = tonumber(epoch or 0) }
  end
  return versions
end

-- Wildcards that the publisher's table did not have yet: their nodes get everything, and pick.
local latecomers
local function nodesSince(version)
  if latecomers then return latecomers end
  latecomers = {}
  if storeVersions().wildcards == version then return latecomers end
  for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'wildcards', '(' .. version, '+inf')) do
    latecomers[string.match(member, '^(%S+) ')] = true
  end
  return latecomers
end

local targetCache = {}
local function targetsOf(topic, matched, version)
  local key = topic .. '\0' .. matched
  local targets = targetCache[key]
  if targets then return targets end
  local isTarget = {}
  targets = {}
  local function add(node)
    if isTarget[node] then return end
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
local function publish(topic, matched, version, entry)
  local targets = targetsOf(topic, matched, version)
  if #targets == 0 then return end
  posted[#posted + 1] = entry
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

-- Sends the parcels. A message too large for the log leaves only its numbers there: lost, it is announced, not healed.
--
--     'm', f64 number of the parcel, f64 epoch of the store, u32 generation, u8 length, id in the log, entries…
--
-- In the log: field '' = all entries, each with its length before it; field <node> = number, ':', indexes ('' = all).
local function postParcels(capacity)
  if #parcelNodes == 0 then return end
  replicate(false)
  local epoch = storeVersions().epoch
  local isKept = postedBytes <= capacity / LOG_GENERATIONS
  local kept = {}
  if isKept then for i, entry in ipairs(posted) do kept[i] = struct.pack('<I4', #entry) .. entry end end
  local fields, size = { '', table.concat(kept) }, ENTRY_BYTES
  local addressees = {}
  for _, node in ipairs(parcelNodes) do
    local parcel = parcels[node]
    parcel.number = call('HINCRBY', P .. 'inboxes', node, 1)
    -- A publisher may not know yet that it is gone.
    if parcel.number == 1 and not call('ZSCORE', NODES, node) then
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
  local place = struct.pack('<dI4Bc0', epoch, generation, #id, id)
  for _, node in ipairs(addressees) do
    local parcel = parcels[node]
    call('PUBLISH', P .. 'inbox:' .. node, 'm' .. struct.pack('<d', parcel.number) .. place .. table.concat(parcel.entries))
  end
end
