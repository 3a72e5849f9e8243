-- Creates a group on every lane and on its retry stream, or restores it where it was lost. Never skips what still exists.
-- KEYS[1..4] lanes   KEYS[5] retry stream   KEYS[6] position hash
-- ARGV[1] group   ARGV[2] start of a new group: "0", "$" or an id (exclusive)
-- Returns {lanes created, lanes restored}
local function has(key)
  if redis.call('EXISTS', key) == 0 then return false end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    if group[2] == ARGV[1] then return true end
  end
  return false
end
local function last_id(key)
  if redis.call('EXISTS', key) == 0 then return '0-0' end
  local info = redis.call('XINFO', 'STREAM', key)
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then return info[at + 1] end
  end
  return '0-0'
end
local function parts(id)
  local time, sequence = string.match(id, '^(%d+)-?(%d*)$')
  return tonumber(time), tonumber(sequence) or 0
end
local function not_after(a, b)
  local at, as = parts(a)
  local bt, bs = parts(b)
  return at < bt or (at == bt and as <= bs)
end
local created, restored = 0, 0
for lane = 1, 4 do
  local key = KEYS[lane]
  if not has(key) then
    local last = last_id(key)
    local known = redis.call('HGET', KEYS[6], key)
    local start = ARGV[2]
    if known then
      restored = restored + 1
      start = not_after(known, last) and known or '0-0'
    else
      created = created + 1
      if start == '$' then start = last end
    end
    redis.call('XGROUP', 'CREATE', key, ARGV[1], start, 'MKSTREAM')
    redis.call('HSET', KEYS[6], key, start)
  end
end
if not has(KEYS[5]) then redis.call('XGROUP', 'CREATE', KEYS[5], ARGV[1], '0', 'MKSTREAM') end
return { created, restored }
