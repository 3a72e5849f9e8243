-- One page of entities in order of names, all of one moment.
-- KEYS[1] index   KEYS[2] hash   ARGV[1] the name before the first one, or ""   ARGV[2] how many
-- Returns name, entity (JSON) in turn.
local names = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1] == '' and '-' or '(' .. ARGV[1], '+', 'LIMIT', 0, ARGV[2])
if #names == 0 then return {} end
local texts = redis.call('HMGET', KEYS[2], unpack(names))
local page = {}
for i, name in ipairs(names) do
  page[2 * i - 1] = name
  page[2 * i] = texts[i]
end
return page
