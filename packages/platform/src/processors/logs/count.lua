-- How many ids there are, without reading them.
-- KEYS: pairs of postings, one pair per question
-- ARGV, per question: from (inclusive), below (or -1 for no end), how many values, the values
-- Returns one number per question: the sum over its values.
local counts, at = {}, 1
for key = 1, #KEYS, 2 do
  local from, below, values, sum = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), 0
  for n = at + 3, at + 2 + values do
    local last, tail, text = texts(KEYS[key], KEYS[key + 1], ARGV[n])
    local place, to = last, #tail / ID
    if below >= 0 then place, to = find(last, text, below) end
    local first, start = 0, 0
    if from > 0 then first, start = find(last, text, from) end
    sum = sum + math.max(0, (place * FULL + to) - (first * FULL + start))
  end
  counts[#counts + 1] = sum
  at = at + 3 + values
end
return counts
