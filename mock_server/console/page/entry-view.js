// Shows all details of one request of the journal.

import { el, name, visible } from "./dom.js";
import { copyButton } from "./copy-button.js";
import { jsonText } from "./json-text.js";

/** @typedef {import("./journal.js").Entry} Entry */

/**
 * @param {Entry} entry
 * @param {(entry: Entry) => string} curl
 */
export function entryDetails(entry, curl) {
  const link = `${location.href.split("#")[0]}#request-${entry.id}`;
  return el(
    "div",
    { class: "details" },
    entry.rejection ? el("div", { class: "validation-errors" }, entry.rejection.errors.map(validationError)) : null,
    el(
      "div",
      { class: "actions" },
      copyButton("Copy as curl", () => curl(entry), "the command"),
      copyButton("Copy link", () => link, "the link"),
      el("span", { class: "soft" }, `Request ${entry.id}`),
    ),
    el("div", { class: "sides" }, message("Request", entry.request), message("Response", entry.response)),
  );
}

/** @param {import("./journal.js").ValidationError} error */
function validationError(error) {
  const { field, message, expected, got, rule, pointer, contract } = error;
  return el(
    "div",
    { class: "validation-error" },
    el("p", { class: "message" }, field ? [name(field, "mono field"), " "] : null, visible(message)),
    el(
      "dl",
      {},
      fact("Expected", visible(expected)),
      fact("Got", visible(got)),
      fact(
        "Where",
        pointer === null ? error.part : [el("code", {}, pointer ? visible(pointer) : "the whole body")],
      ),
      fact("Rule", el("code", {}, visible(rule))),
      contract ? fact("Contract", el("code", {}, visible(contract))) : null,
    ),
  );
}

/** @param {string} term @param {import("./dom.js").Child | import("./dom.js").Child[]} text */
function fact(term, text) {
  return el("div", {}, el("dt", {}, term), el("dd", {}, text));
}

/** @param {string} title @param {import("./journal.js").Message} message */
function message(title, { headers, body }) {
  const { text, bytes, note } = body;
  const copy = text ? copyButton("Copy", () => text, `the body of the ${title.toLowerCase()}`) : null;
  const size = bytes ? `${bytes.toLocaleString()} ${bytes === 1 ? "byte" : "bytes"}` : "no body";
  return el(
    "div",
    { class: "side", role: "group", "aria-label": title },
    el("h3", {}, title, el("span", { class: "soft" }, size), copy),
    note ? el("p", { class: "soft" }, `Note: ${note}`) : null,
    text ? jsonText(text) : null,
    headerList(headers),
  );
}

/** @param {Record<string, string>} headers */
function headerList(headers) {
  const all = Object.entries(headers);
  const rows = all.map(([header, value]) => el("div", {}, el("dt", {}, visible(header)), el("dd", {}, visible(value))));
  const label = `${all.length} ${all.length === 1 ? "header" : "headers"}`;
  return all.length
    ? el("details", { class: "headers" }, el("summary", {}, label), el("dl", { class: "mono" }, rows))
    : null;
}
