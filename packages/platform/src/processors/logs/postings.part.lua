-- A value's ids of one hour, oldest first, 8 base-36 digits each. `=<value>` in the first hash holds the newest of them, `#<value>` how
-- many texts of 1,024 ids were full; those are in the second hash as `<n>#<value>`. So an append rewrites at most 8 KiB.
-- Ids are compared as numbers: how Lua compares texts depends on the server's locale.
local ID, FULL = 8, 1024

local function texts(newest, full, value)
  local got = redis.call('HMGET', newest, '#' .. value, '=' .. value)
  local last, tail = tonumber(got[1] or '0'), got[2] or ''
  local function text(at)
    if at == last then return tail end
    return redis.call('HGET', full, at .. '#' .. value) or ''
  end
  return last, tail, text
end

local function id(text, at)
  return tonumber(string.sub(text, at * ID + 1, at * ID + ID), 36)
end

-- Where the first id that is not below the bound stands: text, place in it.
local function find(last, text, bound)
  local low, high = 0, last
  while low < high do
    local middle = math.ceil((low + high) / 2)
    local first = id(text(middle), 0)
    if first and first < bound then low = middle else high = middle - 1 end
  end
  local here = text(low)
  local from, to = 0, #here / ID
  while from < to do
    local middle = math.floor((from + to) / 2)
    if id(here, middle) < bound then from = middle + 1 else to = middle end
  end
  return low, from
end
