-- Operations that happen once: once:<key> is there for as long as another with the same key is a repeat.

local function isUsed(key) return call('EXISTS', P .. 'once:' .. key) == 1 end

local function use(key, windowMs)
  replicate(true)
  call('SET', P .. 'once:' .. key, '', 'PX', windowMs)
end
