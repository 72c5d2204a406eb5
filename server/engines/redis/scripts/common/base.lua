-- Every key of a cluster derives from KEYS[1] = <P>nodes and lies in its hash slot. Time is the server's.
local call = redis.call
local P = string.sub(KEYS[1], 1, -6)
local NODES = KEYS[1]

local clock
local function now()
  clock = clock or call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

-- What stands in the append-only file and on replicas, and what is gone with this server: topics, hints, temporaries.
local isReplicated = true
local function replicate(wanted)
  if wanted == isReplicated then return end
  redis.set_repl(wanted and redis.REPL_ALL or redis.REPL_NONE)
  isReplicated = wanted
end

-- A server at `maxmemory` refuses writes that may grow, unless the script has written before. This one never grows.
local function passMemoryLimit() call('DEL', P .. '-') end

-- `command key argument…`, cut so that Lua's stack holds it.
local CHUNK = 1000
local function callMany(command, key, arguments)
  for from = 1, #arguments, CHUNK do
    call(command, key, unpack(arguments, from, math.min(from + CHUNK - 1, #arguments)))
  end
end
