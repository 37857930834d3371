// Indents JSON without changing a value: numbers and strings stay as they were sent.

import { el, visible } from "./dom.js";

const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gs;

/**
 * Show a text: indented and in colours if it is JSON, or else unchanged.
 * @param {string} text
 */
export function jsonText(text) {
  const isJson = readable(text);
  return el("pre", { class: "body", tabindex: 0 }, el("code", {}, isJson ? coloured(text) : visible(text, "\n\r\t")));
}

/** Show a value on one line. @param {unknown} value */
export function jsonValue(value) {
  return el("code", { class: "value" }, coloured(JSON.stringify(value), false));
}

/** @param {string} text */
function readable(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} text
 * @param {boolean} [inLines]
 * @returns {(Node | string)[]}
 */
function coloured(text, inLines = true) {
  const tokens = text.match(TOKEN) ?? [];
  /** @type {(Node | string)[]} */
  const parts = [];
  let depth = 0;
  const newLine = () => parts.push(inLines ? `\n${"  ".repeat(depth)}` : " ");
  tokens.forEach((token, index) => {
    const previous = tokens[index - 1];
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    const isEmpty = closes && (previous === "{" || previous === "[");
    if (previous === "," || (inLines && (closes || previous === "{" || previous === "[") && index && !isEmpty))
      newLine();
    if (previous === ":") parts.push(" ");
    parts.push(shown(token, tokens[index + 1] === ":"));
    if (token === "{" || token === "[") depth += 1;
  });
  return parts;
}

/** @param {string} token @param {boolean} isKey */
function shown(token, isKey) {
  if (token.length === 1 && "[]{},:".includes(token)) return token;
  const kind = isKey ? "key" : token.startsWith('"') ? "string" : "number";
  return el("span", { class: `json-${kind}` }, visible(token));
}
