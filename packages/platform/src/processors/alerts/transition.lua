-- One transition of one alert with all that belongs to it, by the leader only: the alert, its event, its history, and the notifications as
-- messages of the streams. So nobody is told of what was not kept, and nothing that was kept goes untold.
-- KEYS[1] the leader's lease   KEYS[2] hash of alerts   KEYS[3] hash of acknowledgements   KEYS[4] events:alert stream
-- KEYS[5] events:all stream   KEYS[6] history stream   KEYS[7] stream of notifications   KEYS[8] hash of windows of the rule
-- ARGV[1] holder   ARGV[2] fence   ARGV[3] alert id   ARGV[4] the alert before (JSON), "" for none   ARGV[5] after, "" to forget it
-- ARGV[6] "1": the acknowledgement goes   ARGV[7] event: array of names and values (JSON), "" for none   ARGV[8] history: array, "" for none
-- ARGV[9] entries of history kept   ARGV[10] oldest id kept   ARGV[11] subject of the window to forget, "" for none   ARGV[12] as it was read
-- ARGV[13] entries of the streams of events kept   ARGV[14..] notifications: arrays
-- Returns 1, 0 when refused: not the leader any more, or the alert has changed.
local lease = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
if (redis.call('HGET', KEYS[2], ARGV[3]) or '') ~= ARGV[4] then return 0 end
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[2], ARGV[3])
else
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[5])
end
if ARGV[6] == '1' then redis.call('HDEL', KEYS[3], ARGV[3]) end
if ARGV[7] ~= '' then
  local fields = cjson.decode(ARGV[7])
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[13], '*', unpack(fields))
  redis.call('XADD', KEYS[5], '*', unpack(fields))
end
if ARGV[8] ~= '' then
  redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[9], '*', unpack(cjson.decode(ARGV[8])))
  redis.call('XTRIM', KEYS[6], 'MINID', '~', ARGV[10])
end
if ARGV[11] ~= '' and redis.call('HGET', KEYS[8], ARGV[11]) == ARGV[12] then redis.call('HDEL', KEYS[8], ARGV[11]) end
for i = 14, #ARGV do redis.call('XADD', KEYS[7], '*', unpack(cjson.decode(ARGV[i]))) end
return 1
