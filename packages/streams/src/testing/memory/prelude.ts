/** What a script finds around it on the server, written for Lua 5.4: `redis`, `cjson`, `cmsgpack`, and the names 5.1 had. */
export const PRELUDE = `
local call, parse, sha1 = __call, __parse, __sha1
__call, __parse, __sha1 = nil, nil, nil
local scripts = {}

unpack = table.unpack
loadstring = load
math.pow = function(a, b) return a ^ b end
math.mod = math.fmod
table.getn = function(t) return #t end
os = { clock = os.clock }
io, dofile, loadfile, require, package, print, debug = nil, nil, nil, nil, nil, nil, debug
local line = debug.getinfo
debug = nil

-- 5.1 cuts a float given to %d; 5.4 refuses it.
local format = string.format
string.format = function(pattern, ...)
  local ok, text = pcall(format, pattern, ...)
  if ok then return text end
  local values = { ... }
  for at, value in ipairs(values) do
    if math.type(value) == 'float' then values[at] = value < 0 and math.ceil(value) or math.floor(value) end
  end
  return format(pattern, unpack(values))
end

local function escape(char) return format('\\\\u%04x', char:byte()) end
local function quote(text) return '"' .. text:gsub('[%c"\\\\]', escape) .. '"' end
local function whole(number) return format('%.0f', number < 0 and math.ceil(number) or math.floor(number)) end

-- The answer of a script: numbers are cut, true is 1, false and nil are nothing, a list ends at its first nil.
local function answer(value)
  local kind = type(value)
  if kind == 'string' then return quote(value) end
  if kind == 'number' then return whole(value) end
  if kind == 'boolean' then return value and '1' or 'null' end
  if kind ~= 'table' then return 'null' end
  if value.err then return '{"err":' .. quote(value.err) .. '}' end
  if value.ok then return '{"ok":' .. quote(value.ok) .. '}' end
  local parts = {}
  for at, one in ipairs(value) do parts[at] = answer(one) end
  return '[' .. table.concat(parts, ',') .. ']'
end

local function json(value)
  local kind = type(value)
  if kind == 'string' then return quote(value) end
  if kind == 'number' then return math.type(value) == 'integer' and tostring(value) or format('%.14g', value) end
  if kind ~= 'table' then return value == nil and 'null' or tostring(value) end
  local parts = {}
  if #value > 0 then
    for at = 1, #value do parts[at] = json(value[at]) end
    return '[' .. table.concat(parts, ',') .. ']'
  end
  for name, one in pairs(value) do parts[#parts + 1] = quote(tostring(name)) .. ':' .. json(one) end
  return '{' .. table.concat(parts, ',') .. '}'
end

cjson = { encode = json, decode = parse }
cmsgpack = {
  pack = function(...)
    local parts = {}
    for at = 1, select('#', ...) do parts[at] = json((select(at, ...))) end
    return '[' .. table.concat(parts, ',') .. ']'
  end,
  unpack = function(text) return unpack(parse(text)) end,
}

redis = {
  pcall = call,
  call = function(...)
    local result = call(...)
    if type(result) == 'table' and result.err then
      result.line = line(2, 'l').currentline
      error(result, 0)
    end
    return result
  end,
  error_reply = function(text) return { err = text } end,
  status_reply = function(text) return { ok = text } end,
  sha1hex = sha1,
  log = function() end,
  setresp = function() end,
  replicate_commands = function() return true end,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
}

function __compile(sha, text)
  local script, complaint = load(text, '@user_script', 't')
  scripts[sha] = script
  return complaint
end

function __run(sha, keys, args)
  rawset(_G, 'KEYS', keys)
  rawset(_G, 'ARGV', args)
  local ok, result = pcall(scripts[sha])
  if ok then return answer(result) end
  if type(result) == 'table' and result.err then
    return answer({ err = result.err .. ' script: ' .. sha .. ', on @user_script:' .. tostring(result.line or '?') .. '.' })
  end
  return answer({ err = 'ERR ' .. tostring(result) .. ' script: ' .. sha })
end

function __protect()
  local function refuse(_, name) error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2) end
  setmetatable(_G, { __index = refuse, __newindex = refuse })
end
`;
