-- ARGV: ttl, key of a rule, its count ('' for no limit). Return whether the rule acts, or is exhausted.
if ARGV[3] ~= '' and tonumber(redis.call('HGET', fired, ARGV[2]) or 0) >= tonumber(ARGV[3]) then return 0 end
redis.call('HINCRBY', fired, ARGV[2], 1)
keep()
return 1
