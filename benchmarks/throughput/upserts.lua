-- Sends upserts of a hundred models in turn, and prints at the end what came of it, as JSON on the last line.
-- Arguments: the API key, and a body with a place for the number of the model.

local MODELS = 100
local prepared, sent = {}, 0

function init(arguments)
  local headers = {["Authorization"] = "Bearer " .. arguments[1], ["Content-Type"] = "application/json"}
  for number = 1, MODELS do
    prepared[number] = wrk.format("POST", nil, headers, string.format(arguments[2], number))
  end
end

function request()
  sent = sent + 1
  return prepared[sent % MODELS + 1]
end

function done(summary)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format('{"requests": %d, "failed": %d, "seconds": %f}', summary.requests, failed, summary.duration / 1e6))
end
