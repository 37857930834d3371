-- Sends upserts of some models, and prints at the end what came of it, as JSON on the last line.
-- Arguments: the API key, a body with a place for the number of the model, and how many models there are.
-- Few models are sent in turn, and many in random order, so that caches do not hide how many are stored.

local FEW = 1000
local prepared, models, headers, body, sent = {}, 0, nil, nil, 0

local function prepare(number)
  return wrk.format("POST", nil, headers, string.format(body, number))
end

function init(arguments)
  headers = {["Authorization"] = "Bearer " .. arguments[1], ["Content-Type"] = "application/json"}
  body, models = arguments[2], tonumber(arguments[3])
  for number = 1, math.min(models, FEW) do
    prepared[number] = prepare(number)
  end
end

function request()
  sent = sent + 1
  if models > FEW then
    return prepare(math.random(models))
  end
  return prepared[sent % models + 1]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format('{"requests": %d, "failed": %d, "seconds": %f, "median_ms": %f, "p99_ms": %f}', summary.requests,
    failed, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
