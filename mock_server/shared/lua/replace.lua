-- ARGV: ttl, bytes, event. KEYS[7]: the models that replace all.
if redis.call('HEXISTS', control, 'run') == 0 then return 0 end
redis.call('HSET', control, 'bytes', ARGV[2])
redis.call('UNLINK', models)
if redis.call('EXISTS', KEYS[7]) == 1 then
  redis.call('RENAME', KEYS[7], models)
  redis.call('PERSIST', models)
end
change_control()
publish(#ARGV[3], 'kind', 'state', 'data', ARGV[3])
keep()
return 1
