-- What the edge workers last said, and the time by which that is new or old. Forgets who has been silent for a minute.
-- KEYS[1] workers   Returns {now, report, report, …}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local answer = { now }
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local when = tonumber(string.match(all[at + 1], '^{"at":(%d+)')) or 0
  if now - when > 60000 then redis.call('HDEL', KEYS[1], all[at]) else answer[#answer + 1] = all[at + 1] end
end
return answer
