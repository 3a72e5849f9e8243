-- Sliding windows over what was asked of a CA: looks at all of them, and takes from all or from none.
-- KEYS     one sorted set per window: member → when (Unix ms)
-- ARGV[1]  now, Unix ms   ARGV[2] member   ARGV[3] take, look or note (what happened already: never refused)
-- then for each key its limit, its width in ms, and 1 where something is added (0: it has to have room, that is all)
-- Returns  1 (taken, or was taken before by this member) or 0, then per key how many are used, and when there is room again (Unix ms, 0: now)
local now, member, mode = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local function rule(at)
  local first = 1 + 3 * at
  return tonumber(ARGV[first]), tonumber(ARGV[first + 1]), ARGV[first + 2] == '1'
end
-- In full: a number of this size would lose its last digits.
local function whole(number) return string.format('%.0f', number) end

local free, answer = 1, {1}
for at, key in ipairs(KEYS) do
  local limit, width, adds = rule(at)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now - width))
  -- From a clock that was far ahead.
  redis.call('ZREMRANGEBYSCORE', key, '(' .. whole(now + width), '+inf')
  local used = redis.call('ZCARD', key)
  local again = 0
  if used >= limit and not (adds and redis.call('ZSCORE', key, member)) then
    local oldest = redis.call('ZRANGE', key, used - limit, used - limit, 'WITHSCORES')
    again = tonumber(oldest[2]) + width
    free = 0
  end
  answer[#answer + 1] = used
  answer[#answer + 1] = whole(again)
end
answer[1] = free
if mode == 'look' or (mode == 'take' and free == 0) then return answer end

for at, key in ipairs(KEYS) do
  local limit, width, adds = rule(at)
  if adds then
    redis.call('ZADD', key, 'NX', whole(now), member)
    redis.call('ZREMRANGEBYRANK', key, 0, -limit - 1)
    redis.call('PEXPIRE', key, whole(width))
  end
end
return answer
