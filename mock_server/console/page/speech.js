// Says things to those who cannot see them happen, and shows notices to everybody.

import { button, byId, el, visible } from "./dom.js";

const TRAFFIC_EVERY = 10_000;
let requests = 0;
let refused = 0;
/** @type {number | undefined} */
let timer;

/** Say at once what the user has done. @param {string} text */
export function say(text) {
  byId("live").textContent = text;
}

/** Say now and then how many requests have come. @param {boolean} wasRefused */
export function sayRequest(wasRefused) {
  requests += 1;
  if (wasRefused) refused += 1;
  timer ??= setTimeout(() => {
    say(`${requests} new ${requests === 1 ? "request" : "requests"}${refused ? `, ${refused} refused` : ""}`);
    requests = refused = 0;
    timer = undefined;
  }, TRAFFIC_EVERY);
}

/** Show what went wrong, until it is closed or the next thing goes wrong. @param {string} text */
export function complain(text) {
  const close = button("Close", () => byId("notices").replaceChildren());
  byId("notices").replaceChildren(el("div", { class: "notice", role: "alert" }, el("p", {}, visible(text)), close));
}

/** Forget what went wrong. */
export function clearComplaints() {
  byId("notices").replaceChildren();
}

/**
 * Do something that can be refused, and show why it was.
 * @param {() => Promise<unknown>} act
 * @param {string} [done] what to say when it is done
 * @returns {Promise<boolean>} whether it was done
 */
export async function attempt(act, done) {
  try {
    await act();
  } catch (error) {
    complain(error instanceof TypeError ? "The mock cannot be reached." : /** @type {Error} */ (error).message);
    return false;
  }
  clearComplaints();
  if (done) say(done);
  return true;
}
