  -- Low-water mark: where a lost group resumes. Just before the smallest unacknowledged id, else the last delivered one.
  -- Shared by ack, retry and dead-letter, which insert this text at their position marker. Uses KEYS[1], ARGV[1], KEYS[#KEYS].
  local mark
  local first = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1)
  if first[1] then
    local ms, sequence = string.match(first[1][1], '^(%d+)-(%d+)$')
    if sequence == '0' then
      mark = string.format('%.0f', tonumber(ms) - 1) .. '-18446744073709551615'
    else
      mark = ms .. '-' .. string.format('%.0f', tonumber(sequence) - 1)
    end
  else
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
      if group[2] == ARGV[1] then mark = group[8] end
    end
  end
  if mark then redis.call('HSET', KEYS[#KEYS], KEYS[1], mark) end
