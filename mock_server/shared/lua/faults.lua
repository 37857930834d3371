-- ARGV: ttl, control version, fault rules, event, keys of rules that are gone... Return whether the version was right.
if redis.call('HGET', control, 'version') ~= ARGV[2] then return 0 end
redis.call('HSET', control, 'faults', ARGV[3])
change_control()
for number = 5, #ARGV do redis.call('HDEL', fired, ARGV[number]) end
publish(#ARGV[4], 'kind', 'faults', 'data', ARGV[4])
keep()
return 1
