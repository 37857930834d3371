-- ARGV: ttl, run, what the mock starts from, its fault rules, bytes and number of its models. KEYS[7]: its models.
-- The first mock writes them. Return what the mocks have started from, or false if the models are not there yet.
local started = redis.call('HGET', control, 'start')
if started then
  redis.call('DEL', KEYS[7])
elseif redis.call('HLEN', KEYS[7]) ~= tonumber(ARGV[6]) then
  return false
else
  local now = redis.call('TIME')
  redis.call('HSET', control, 'start', ARGV[3], 'run', ARGV[2], 'version', ARGV[2] .. '.0', 'changes', 0,
    'faults', ARGV[4], 'ticks', 0, 'bytes', ARGV[5], 'initial_bytes', ARGV[5],
    'revision', now[1] .. string.format('%06d', now[2]), 'requests', 0, 'requests_bytes', 0, 'cleared', 0,
    'events', 0, 'events_bytes', 0)
  redis.call('DEL', models, initial, journal, events, fired)
  if redis.call('EXISTS', KEYS[7]) == 1 then
    redis.call('RENAME', KEYS[7], initial)
    redis.call('PERSIST', initial)
    redis.call('COPY', initial, models)
  end
  started = ARGV[3]
end
keep()
return started
