-- ARGV: ttl, control version, ticks ('' for the real time), room ('' for no limit), scope, the scope as it is named, key,
-- value without its version ('' to delete), number of roots, roots..., then name and version of each model of the view.
-- Return 'done', 'full', or a new view to decide about.
local version, ticks, room, scope, key, rest = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[7], ARGV[8]
local count = tonumber(ARGV[9])
local roots = {unpack(ARGV, 10, 9 + count)}

local function is_stale()
  local state = redis.call('HMGET', control, 'version', 'ticks')
  if state[1] ~= version or (ticks ~= '' and state[2] ~= ticks) then return true end
  for at = 10 + count, #ARGV, 2 do
    if version_of(redis.call('HGET', models, scope .. ARGV[at])) ~= ARGV[at + 1] then return true end
  end
  return false
end

if is_stale() then return view_of(scope, roots) end

local field = scope .. key
local old = redis.call('HGET', models, field)
local grown = -(old and bytes_of(old) or 0)
if rest == '' then
  redis.call('HDEL', models, field)
else
  grown = grown + bytes_of('0 ' .. rest)
  if room ~= '' and grown > 0 and tonumber(redis.call('HGET', control, 'bytes')) + grown > tonumber(room) then
    return 'full'
  end
  local revision = redis.call('HINCRBY', control, 'revision', 1)
  redis.call('HSET', models, field, string.format('%.0f ', revision) .. rest)
end
redis.call('HINCRBY', control, 'bytes', grown)
redis.call('HINCRBY', control, 'ticks', 1)
publish(#rest, 'kind', 'model', 'scope', ARGV[6], 'name', key, 'value', rest)
keep()
return 'done'
