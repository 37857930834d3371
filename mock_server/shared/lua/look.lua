-- ARGV: ttl, scope, names...
local view = view_of(ARGV[2], {unpack(ARGV, 3)})
keep()
return view
