-- Counts entries after an id without sending them, where the server's own lag is unknown (after XDEL or a seek into the middle).
-- KEYS[1] stream   ARGV[1] id (exclusive)   ARGV[2] at most this many
return #redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
