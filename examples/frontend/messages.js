/**
 * Returns the message for an outcome other than `done`: what happened, and what the user can do.
 * @param {import("./api.js").Outcome} outcome
 * @param {boolean} saving  whether the request was to save a model
 */
export function explanation(outcome, saving) {
  return outcome.kind === "rejected" ? rejected(outcome, saving) : withoutResponse(outcome.kind, saving);
}

/** Returns whether the same request may succeed later. */
export function canRetry({ kind, status }) {
  return kind !== "rejected" || status === 429 || status >= 500;
}

const WITHOUT_RESPONSE = {
  late: "The API did not respond in time.",
  cancelled: "You cancelled the request.",
  unreachable: "The API cannot be reached, or closed the connection. Is the address right?",
  unreadable: "The response cannot be read.",
};

function withoutResponse(kind, saving) {
  // Repeating an upsert is safe: it creates at most one model.
  const unsure = " The model may have been saved or not; trying again is safe.";
  return WITHOUT_RESPONSE[kind] + (saving ? unsure : "");
}

function rejected({ status, fields, detail, retryAfter }, saving) {
  switch (status) {
    case 400:
      return Object.keys(fields).length ? "Nothing was saved. Correct the marked fields." : sentence("Nothing was saved", detail);
    case 401:
      return sentence("The API key was not accepted", detail);
    case 403:
      return `${sentence("This is not allowed", detail)} Use a key that may write, and a name that no built-in model has.`;
    case 404:
      return saving ? sentence("Nothing was saved: the model refers to something that does not exist", detail)
        : sentence("There is no such model", detail);
    case 429:
    case 503:
      return `The API is busy. ${retryAfter === undefined ? "Try again later." : `Try again in ${retryAfter} s.`}`;
    default:
      return sentence(`The API failed (${status})`, detail);
  }
}

function sentence(text, detail) {
  return detail ? `${text}: ${detail}` : `${text}.`;
}
