-- What all scripts share. A value is "VERSION CREATED UPDATED LENGTH:" with times in microseconds, then LENGTH bytes of
-- the names that the model refers to, each as "SIZE:NAME", then the values as JSON, which no script reads.
local control, models, initial, journal, events, fired = unpack(KEYS, 1, 6)
local ttl = tonumber(ARGV[1])

-- Let everything expire together, as long after this request as the user wants.
local function keep()
  if ttl > 0 then
    for number = 1, 6 do redis.call('EXPIRE', KEYS[number], ttl) end
  end
end

local function version_of(value)
  return value and string.match(value, '^%d+') or '0'
end

-- Where the names begin, and where the JSON begins.
local function places_in(value)
  local _, colon, length = string.find(value, '^%d+ %S+ %S+ (%d+):')
  return colon + 1, colon + 1 + tonumber(length)
end

local function bytes_of(value)
  local _, json = places_in(value)
  return #value - json + 1
end

local function names_in(value)
  local at, last = places_in(value)
  local names = {}
  while at < last do
    local _, colon, size = string.find(value, '^(%d+):', at)
    names[#names + 1] = string.sub(value, colon + 1, colon + tonumber(size))
    at = colon + 1 + tonumber(size)
  end
  return names
end

-- The control version, the steps of the clock and the time in one line, then each named model with all that it refers
-- to: its name, and its value or nothing. One text is read much faster than an array. False if Redis is empty.
local function view_of(scope, roots)
  local now = redis.call('TIME')
  local state = redis.call('HMGET', control, 'version', 'ticks')
  if not state[1] then return false end
  local known, found = {}, {state[1] .. ' ' .. state[2] .. ' ' .. now[1] .. ' ' .. now[2] .. '\n'}
  local function fetch(name)
    if known[name] == nil then
      local value = redis.call('HGET', models, scope .. name)
      known[name] = value
      found[#found + 1] = #name .. ' ' .. (value and #value or '-') .. '\n' .. name .. (value or '')
    end
    return known[name]
  end
  for _, root in ipairs(roots) do
    local value = fetch(root)
    local waiting, seen, count, room = {value or nil}, {[root] = true}, 1, LARGEST_CHAIN
    local first = 1
    while waiting[first] do
      for _, name in ipairs(names_in(waiting[first])) do
        if not seen[name] and count < LONGEST_CHAIN and room >= 0 then
          seen[name] = true
          local other = fetch(name)
          if other then
            count, room = count + 1, room - bytes_of(other)
            waiting[#waiting + 1] = other
          end
        end
      end
      first = first + 1
    end
  end
  return table.concat(found)
end

-- Append to a stream that is capped by entries and by bytes. The first write may fail, and then nothing is written.
local function append(stream, name, most, room, bytes, ...)
  local number = redis.call('HINCRBY', control, name, 1)
  redis.call('XADD', stream, string.format('%.0f-%d', number, bytes), ...)
  local sum = redis.call('HINCRBY', control, name .. '_bytes', bytes)
  local length = redis.call('XLEN', stream)
  while length > most or (sum > room and length > 1) do
    local id = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]
    redis.call('XDEL', stream, id)
    sum = redis.call('HINCRBY', control, name .. '_bytes', -tonumber(string.match(id, '%d+$')))
    length = length - 1
  end
  return number
end

-- Publish an event. It is stored only if a client has ever read events: no other can ask for it.
local function publish(bytes, ...)
  if redis.call('HEXISTS', control, 'watched') == 1 then
    append(events, 'events', MOST_EVENTS, EVENT_BYTES, EVENT_SIZE + bytes, ...)
  else
    redis.call('HINCRBY', control, 'events', 1)
  end
end

local function change_control()
  local run = redis.call('HGET', control, 'run')
  redis.call('HSET', control, 'version', run .. '.' .. redis.call('HINCRBY', control, 'changes', 1))
end
