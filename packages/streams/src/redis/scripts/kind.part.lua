-- Writes count, first and last of one kind of failure anew from its zset, so that they cannot drift from it.
local function recount(index, kind, signature, description)
  local count = redis.call('ZCARD', kind)
  if count == 0 then
    redis.call('HDEL', index, signature)
    return
  end
  if not description or description == '' then
    description = string.match(redis.call('HGET', index, signature) or '', '^%d+ %d+ %d+ (.*)$') or '{}'
  end
  local first = string.match(redis.call('ZRANGE', kind, 0, 0)[1], '^%d+')
  local last = string.match(redis.call('ZRANGE', kind, -1, -1)[1], '^%d+')
  redis.call('HSET', index, signature, count .. ' ' .. first .. ' ' .. last .. ' ' .. description)
end
