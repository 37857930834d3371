// Announces changes to screen readers, and shows errors.

import { button, byId, el, visible } from "./dom.js";

const TRAFFIC_EVERY = 10_000;
let requests = 0;
let rejected = 0;
/** @type {number | undefined} */
let timer;

/** Announce what the user has done. @param {string} text */
export function announce(text) {
  byId("live").textContent = text;
}

/** Announce now and then how many requests have arrived. @param {boolean} wasRejected */
export function announceRequest(wasRejected) {
  requests += 1;
  if (wasRejected) rejected += 1;
  timer ??= setTimeout(() => {
    announce(`${requests} new ${requests === 1 ? "request" : "requests"}${rejected ? `, ${rejected} rejected` : ""}`);
    requests = rejected = 0;
    timer = undefined;
  }, TRAFFIC_EVERY);
}

/** Show an error until the user closes it or another replaces it. @param {string} text */
export function showError(text) {
  const close = button("Close", () => byId("notices").replaceChildren());
  byId("notices").replaceChildren(el("div", { class: "notice", role: "alert" }, el("p", {}, visible(text)), close));
}

/** Hide the error. */
export function clearErrors() {
  byId("notices").replaceChildren();
}

/**
 * Do something, and show the error if it fails.
 * @param {() => Promise<unknown>} act
 * @param {string} [done] the announcement of its success
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function attempt(act, done) {
  try {
    await act();
  } catch (error) {
    showError(error instanceof TypeError ? "The mock cannot be reached." : /** @type {Error} */ (error).message);
    return false;
  }
  clearErrors();
  if (done) announce(done);
  return true;
}
