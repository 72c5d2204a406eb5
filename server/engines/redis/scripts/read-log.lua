-- Reads the log of a topic onwards.
--
-- KEYS     1 <P>nodes
-- ARGV     1 topic, 2 epoch, 3 place (offset to read behind; `*` and 0 = from the beginning), 4 limit
-- RETURNS  {epoch, last offset, is the place known (0, 1), next, offset, record, offset, record, …} | {} for a topic that
--          keeps no log
--          next: offset of the first entry behind the place, last + 1 if there is none; of the first of all for a place
--          that is not known
-- GUARANTEE what is too old by the topic's bounds is not among them.
--@include base
--@include topic-logs

local OCTETS = 4194304
local log, stream = logKeys(ARGV[1])
local epoch, last, age, writtenIn = unpack(call('HMGET', log, 'epoch', 'last', 'age', 'store'))
if not epoch then return {} end
last = tonumber(last)

local place, limit = tonumber(ARGV[3]), tonumber(ARGV[4])
local isKnown = ARGV[2] == '*' or (ARGV[2] == epoch and place <= last)
if not isKnown then place = 0 end
-- The store may have forgotten the newest since they were written.
if ARGV[2] ~= '*' and writtenIn ~= call('HGET', P .. 'store', 'epoch') then isKnown = false end

local function isTooOld(id) return age and tonumber(string.match(id, '-(%d+)$')) <= now() - tonumber(age) end

local reply, bytes, id = { epoch, last, isKnown and 1 or 0, last + 1 }, 0, string.format('%.0f', place + 1)
local isFirst = true
while true do
  local page = call('XRANGE', stream, id, '+', 'COUNT', 64)
  for _, entry in ipairs(page) do
    if not isTooOld(entry[1]) then
      local offset = tonumber(string.match(entry[1], '^(%d+)'))
      if isFirst then
        reply[4] = offset
        isFirst = false
      end
      if #reply - 4 >= 2 * limit or bytes > OCTETS then return reply end
      reply[#reply + 1] = offset
      reply[#reply + 1] = entry[2][2]
      bytes = bytes + #entry[2][2]
    end
    id = '(' .. entry[1]
  end
  if #page < 64 then return reply end
end
