-- Removes a group with everything it has, in one step: half a group would be restored by its own consumers.
-- KEYS[1..n-5] lanes   KEYS[n-4] retry stream   KEYS[n-3] retries zset   KEYS[n-2] held hash   KEYS[n-1] position hash
-- KEYS[n] group signs   ARGV[1] group
-- Returns the number of lanes it was on.
local lanes, destroyed = #KEYS - 5, 0
for lane = 1, lanes do
  if redis.call('EXISTS', KEYS[lane]) == 1 then
    destroyed = destroyed + redis.call('XGROUP', 'DESTROY', KEYS[lane], ARGV[1])
  end
end
redis.call('DEL', KEYS[lanes + 1], KEYS[lanes + 2], KEYS[lanes + 3], KEYS[lanes + 4])
redis.call('HDEL', KEYS[#KEYS], ARGV[1])
return destroyed
