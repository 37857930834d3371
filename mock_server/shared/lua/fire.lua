-- ARGV: ttl, control version, key of a rule, its count ('' for no limit). Return 1 if it acts, 0 if it is exhausted, and
-- -1 if the rules have changed.
if redis.call('HGET', control, 'version') ~= ARGV[2] then return -1 end
if ARGV[4] ~= '' and tonumber(redis.call('HGET', fired, ARGV[3]) or 0) >= tonumber(ARGV[4]) then return 0 end
redis.call('HINCRBY', fired, ARGV[3], 1)
keep()
return 1
