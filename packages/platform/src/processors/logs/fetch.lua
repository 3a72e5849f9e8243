-- Entries by id; those that have been trimmed are left out.
-- KEYS[1] stream   ARGV ids
-- Returns entries as XRANGE does, in the order asked for.
local found = {}
for at = 1, #ARGV do
  local entry = redis.call('XRANGE', KEYS[1], ARGV[at], ARGV[at])[1]
  if entry then found[#found + 1] = entry end
end
return found
