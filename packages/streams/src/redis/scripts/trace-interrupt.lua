-- Closes spans that run in processes of which nothing was heard any more, as of their last sign of life.
-- KEYS[1] processes with running spans   ARGV[1] prefix of telemetry keys: traces and their indexes are named by it   ARGV[2] seconds indexes are kept
-- ARGV[3] most spans of one call
-- Returns the number of spans looked at; 0 when there is nothing more to do.
--@trace-status
local prefix, ttl, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local looked = 0
while looked < most do
  local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
  if not gone[1] then return looked end
  local heard = string.format('%d', tonumber(gone[2]) - tonumber(string.match(gone[1], '%d+$')))
  local popped = redis.call('ZPOPMIN', prefix .. 'traces:open:' .. gone[1], most - looked)
  if #popped == 0 then redis.call('ZREM', KEYS[1], gone[1]) end
  looked = looked + 1
  for at = 1, #popped, 2 do
    looked = looked + 1
    local id, span = string.match(popped[at], '^(%x+)/(%x+)$')
    local trace = prefix .. 'trace:' .. id
    local json = redis.call('HGET', trace, span)
    if json and string.sub(json, 1, 25) == '{"status":null,"end":null' then
      local ended = tonumber(heard) < tonumber(popped[at + 1]) and popped[at + 1] or heard
      redis.call('HSET', trace, span, '{"status":"interrupted","end":' .. ended .. string.sub(json, 26))
      local had = redis.call('HMGET', trace, '~open', '~interrupted', '~errors', '~status', '~score', '~end')
      if tonumber(ended) > tonumber(had[6]) then redis.call('HSET', trace, '~end', ended) end
      settle(trace, id, had[5], prefix, ttl, tonumber(had[1]) - 1, tonumber(had[2]) + 1, tonumber(had[3]), had[4])
    end
  end
end
return looked
