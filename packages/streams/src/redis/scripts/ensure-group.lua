-- Creates a group on every lane and on its retry stream, or restores it where it was lost. Never skips what still exists:
-- a known group without a mark on a lane, or with one ahead of the stream, begins there at 0.
-- KEYS[1..n-2] lanes   KEYS[n-1] retry stream   KEYS[n] position hash
-- ARGV[1] group   ARGV[2] start of a new group: "0", "$" or an id (exclusive)
-- Returns {lanes created, lanes restored, generation}
--@ids
local lanes, retry_stream, position = #KEYS - 2, KEYS[#KEYS - 1], KEYS[#KEYS]
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
local known, missing = redis.call('EXISTS', position) == 1, {}
for lane = 1, lanes do
  if has(KEYS[lane]) then known = true else missing[#missing + 1] = KEYS[lane] end
end
local created, restored = 0, 0
for _, key in ipairs(missing) do
  local last = last_id(key)
  local start = ARGV[2]
  local mark = redis.call('HGET', position, key)
  if mark then
    restored = restored + 1
    start = before(last, mark) and '0-0' or mark
  else
    created = created + 1
    if known then start = '0-0' elseif start == '$' then start = last end
  end
  redis.call('XGROUP', 'CREATE', key, ARGV[1], start, 'MKSTREAM')
  redis.call('HSET', position, key, start)
end
if not has(retry_stream) then redis.call('XGROUP', 'CREATE', retry_stream, ARGV[1], '0', 'MKSTREAM') end
return { created, restored, redis.call('HGET', position, '~generation') or '0' }
