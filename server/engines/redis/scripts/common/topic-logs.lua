-- The log of a topic: a stream whose ids are `<offset>-<ms>`, and a hash with its epoch and last offset.

local function logKeys(topic) return P .. 'topic-log:' .. topic, P .. 'topic-stream:' .. topic end

-- After the server may have forgotten something, numbering goes on with a hole: what was lost is seen to be missing.
local LOSS_STEP = 1048576

-- The numbering of a topic outlives its last message by a week, so that whoever comes back by then can tell.
local NUMBERING_MS = 604800000

-- Puts a record into the topic's log. Returns its epoch and offset.
local function appendToLog(topic, record, maxMessages, maxAgeMs)
  replicate(true)
  local log, stream = logKeys(topic)
  local storeEpoch = call('HGET', P .. 'store', 'epoch') or '0'
  local epoch, last, writtenIn = unpack(call('HMGET', log, 'epoch', 'last', 'store'))
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
    for _ = 1, 8 do
      local oldest = call('XRANGE', stream, '-', '+', 'COUNT', 16)
      local gone = {}
      for _, entry in ipairs(oldest) do
        if tonumber(string.match(entry[1], '-(%d+)$')) > now() - maxAgeMs then break end
        gone[#gone + 1] = entry[1]
      end
      if #gone == 0 then break end
      call('XDEL', stream, unpack(gone))
    end
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
