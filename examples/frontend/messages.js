/**
 * What to tell the user of an outcome that is not `done`: what happened, and what can be done about it.
 * @param {import("./api.js").Outcome} outcome
 * @param {boolean} saving  whether something was to be saved, and not only read
 */
export function explained(outcome, saving) {
  return outcome.kind === "refused" ? refused(outcome, saving) : unanswered(outcome.kind, saving);
}

/** Whether the same request may succeed later. */
export function worthRepeating({ kind, status }) {
  return kind !== "refused" || status === 429 || status >= 500;
}

const WITHOUT_ANSWER = {
  late: "No answer came in time.",
  cancelled: "You did not wait for the answer.",
  unreachable: "The API cannot be reached, or cut the connection. Is its address right?",
  unreadable: "The answer cannot be read.",
};

function unanswered(kind, saving) {
  // An upsert that is sent twice makes one model, so that it can be repeated whatever became of the first.
  const unsure = " The model may have been saved or not; trying again is safe.";
  return WITHOUT_ANSWER[kind] + (saving ? unsure : "");
}

function refused({ status, fields, detail, retryAfter }, saving) {
  switch (status) {
    case 400:
      return Object.keys(fields).length ? "Nothing was saved. Change what is marked." : sentence("Nothing was saved", detail);
    case 401:
      return sentence("The API key was not accepted", detail);
    case 403:
      return `${sentence("This is not allowed", detail)} It takes a key that may write, and a name that no built-in model has.`;
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
