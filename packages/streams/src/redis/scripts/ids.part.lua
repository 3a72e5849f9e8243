-- Entry ids are compared as texts: both halves may be beyond 2^53, where Lua's numbers are no longer exact.
local function id_halves(id)
  return string.match(id, '^0*(%d*)%-?0*(%d*)$')
end
local function smaller(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local function before(a, b)
  local a_time, a_sequence = id_halves(a)
  local b_time, b_sequence = id_halves(b)
  if a_time ~= b_time then return smaller(a_time, b_time) end
  return smaller(a_sequence, b_sequence)
end
