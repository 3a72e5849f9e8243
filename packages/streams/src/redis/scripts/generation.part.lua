  -- A seek since this consumer joined the group fences everything it holds, even what it has read again under the same name.
  -- Shared by ack, retry and dead-letter: ARGV[4] is the generation it joined, KEYS[#KEYS] the position hash.
  if (redis.call('HGET', KEYS[#KEYS], '~generation') or '0') ~= ARGV[4] then
    return redis.error_reply('NOGROUP the group was moved since this consumer joined it')
  end
