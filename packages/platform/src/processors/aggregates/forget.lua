-- Forgets the counts of topics that are gone, so that one made anew begins at 0.
-- KEYS[1] lease of the leader   KEYS[2] hash of the counts at the last look   ARGV[1] holder   ARGV[2] fence   ARGV[3] "begin" | "keep"
-- ARGV[4…] topics there are
-- Returns 0 when somebody else leads; for "begin" 2 if nothing was ever counted here, else 1
local lease = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
if ARGV[3] == 'begin' then return redis.call('HEXISTS', KEYS[2], 'begun') == 1 and 1 or 2 end
local there = {}
for at = 4, #ARGV do there[ARGV[at]] = true end
redis.call('HSET', KEYS[2], 'begun', 1)
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  local topic = string.match(field, '^(.-)|')
  if topic and not there[topic] then redis.call('HDEL', KEYS[2], field) end
end
return 1
