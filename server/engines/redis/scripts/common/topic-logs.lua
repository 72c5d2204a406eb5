-- The log of a topic: a stream whose ids are `<offset>-<ms>`, and a hash with its epoch and last offset.

local function logKeys(topic) return P .. 'topic-log:' .. topic, P .. 'topic-stream:' .. topic end

-- After the server may have forgotten something, numbering goes on with a hole: what was lost is seen to be missing.
local LOSS_STEP = 1048576

-- The numbering of a topic outlives its last message by a week, so that whoever comes back by then can tell.
local NUMBERING_MS = 604800000

-- Forgets the oldest that are beyond an age, some at a time: each publish brings one and takes more.
local function dropAged(stream, maxAgeMs)
  for _ = 1, 8 do
    local gone = {}
    for _, entry in ipairs(call('XRANGE', stream, '-', '+', 'COUNT', 16)) do
      if tonumber(string.match(entry[1], '-(%d+)$')) > now() - maxAgeMs then break end
      gone[#gone + 1] = entry[1]
    end
    if #gone == 0 then return end
    call('XDEL', stream, unpack(gone))
  end
end

-- Puts a record into the topic's log. Returns its epoch and offset.
local function appendToLog(topic, record, maxMessages, maxAgeMs)
  replicate(true)
  local log, stream = logKeys(topic)
  local storeEpoch = call('HGET', P .. 'store', 'epoch') or '0'
  local epoch, last, writtenIn, age = unpack(call('HMGET', log, 'epoch', 'last', 'store', 'age'))
  -- What was too old before this message came with other bounds does not come back.
  if age then dropAged(stream, tonumber(age)) end
  if not epoch then
    -- No two numberings share an epoch: the server's clock and the store's counter of beginnings.
    epoch = string.format('%.0f-%d', now(), call('HINCRBY', P .. 'store', 'logs', 1))
    last = 0
    call('UNLINK', stream)
  elseif writtenIn ~= storeEpoch then
    last = last + LOSS_STEP
  end
  local offset = string.format('%.0f', last + 1)
  call('HSET', log, 'epoch', epoch, 'last', offset, 'store', storeEpoch)
  call('XADD', stream, offset .. '-' .. string.format('%.0f', now()), 'r', record)
  if maxMessages > 0 then call('XTRIM', stream, 'MAXLEN', maxMessages) end
  if maxAgeMs > 0 then
    dropAged(stream, maxAgeMs)
    -- An idle topic leaves nothing behind, its numbering after some time.
    call('PEXPIRE', log, maxAgeMs + NUMBERING_MS)
    call('PEXPIRE', stream, maxAgeMs)
    call('HSET', log, 'age', maxAgeMs)
  else
    call('PERSIST', log)
    call('PERSIST', stream)
    call('HDEL', log, 'age')
  end
  return epoch, tonumber(offset)
end
