-- Changes the settings of logging; every process sees by the version that it has to read them again.
-- KEYS[1] hash of the settings
-- ARGV field, value, …; an empty value removes the field
-- Returns all fields and values.
for index = 1, #ARGV, 2 do
  if ARGV[index + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[index])
  else
    redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1])
  end
end
-- A version begun by the clock differs from that of a hash which somebody has deleted.
redis.call('HSETNX', KEYS[1], 'version', redis.call('TIME')[1])
redis.call('HINCRBY', KEYS[1], 'version', 1)
return redis.call('HGETALL', KEYS[1])
