// Formats times.

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "long" });

import { el } from "./dom.js";

/** A local time; its title is the full date and time. @param {string} moment in RFC 3339 */
export function time(moment) {
  const at = new Date(moment);
  return el("time", { datetime: moment, title: FULL.format(at) }, CLOCK.format(at));
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}
