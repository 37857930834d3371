-- ARGV: ttl, most requests, most bytes, bytes of this one, the request and its response.
if redis.call('HEXISTS', control, 'run') == 0 then return 0 end
local number = append(journal, 'requests', tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), 'data', ARGV[5])
publish(tonumber(ARGV[4]), 'kind', 'request', 'number', number, 'data', ARGV[5])
keep()
return number
