-- ARGV: ttl, parts (letters), scope, key, fault rules, events about journal, faults and models.
-- What frees memory comes first: after that, a full Redis lets a script go on.
-- Return how many models were removed or changed back, how many requests and how many rules were removed.
local parts, scope, key = ARGV[2], ARGV[3], ARGV[4]
if redis.call('HEXISTS', control, 'run') == 0 then return false end
local function has(letter) return string.find(parts, letter, 1, true) end
local function tail(value) return value and string.match(value, '^%d+ (.*)$') end
local removed, requests = 0, 0

if has('m') then
  if scope == '' then
    removed = redis.call('HLEN', models)
    local restored = redis.call('HGETALL', initial)
    for at = 1, #restored, 2 do
      local now = redis.call('HGET', models, restored[at])
      if tail(now) == tail(restored[at + 1]) then removed = removed - 1 end
    end
    redis.call('UNLINK', models)
    redis.call('COPY', initial, models)
    redis.call('HSET', control, 'bytes', redis.call('HGET', control, 'initial_bytes'))
  else
    local grown = 0
    local function put_back(field)
      local before, after = redis.call('HGET', models, field), redis.call('HGET', initial, field)
      if before then
        if tail(before) ~= tail(after) then removed = removed + 1 end
        grown = grown - bytes_of(before)
      end
      if after then
        redis.call('HSET', models, field, after)
        grown = grown + bytes_of(after)
      else
        redis.call('HDEL', models, field)
      end
    end
    if key ~= '' then
      put_back(scope .. string.sub(key, 2))
    else
      local fields = redis.call('HKEYS', models)
      for _, field in ipairs(redis.call('HKEYS', initial)) do
        if redis.call('HEXISTS', models, field) == 0 then fields[#fields + 1] = field end
      end
      for _, field in ipairs(fields) do
        if string.sub(field, 1, #scope) == scope then put_back(field) end
      end
    end
    redis.call('HINCRBY', control, 'bytes', grown)
  end
end
if has('j') then
  requests = redis.call('XLEN', journal)
  redis.call('DEL', journal)
  redis.call('HSET', control, 'cleared', redis.call('HGET', control, 'requests'), 'requests_bytes', 0)
  publish(0, 'kind', 'cleared', 'data', string.format('{"journal":%d}', requests))
end
if has('f') then
  redis.call('DEL', fired)
  redis.call('HSET', control, 'faults', ARGV[5])
  publish(#ARGV[6], 'kind', 'faults', 'data', ARGV[6])
end
if has('c') then redis.call('HSET', control, 'ticks', 0) end
if has('m') then publish(#ARGV[7], 'kind', 'state', 'data', ARGV[7]) end
change_control()
keep()
return {removed, requests}
