-- Counts of a trace (open, interrupted, errors) → its status; moves it to that status' index.
local function settle(trace, id, score, prefix, ttl, open, interrupted, errors, before)
  local status = open > 0 and 'running' or interrupted > 0 and 'interrupted' or errors > 0 and 'error' or 'ok'
  redis.call('HSET', trace, '~open', open, '~interrupted', interrupted, '~errors', errors, '~status', status)
  if status ~= before then
    if before then redis.call('ZREM', prefix .. 'traces:status:' .. before, id) end
    redis.call('ZADD', prefix .. 'traces:status:' .. status, score, id)
    redis.call('EXPIRE', prefix .. 'traces:status:' .. status, ttl)
  end
end
