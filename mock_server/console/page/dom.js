// Creates elements. Text never becomes markup.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Create an element. Functions are listeners of the event that their property names after `on`; true and false add and
 * omit an attribute.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | undefined | ((event: any) => unknown)>} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...present(children.flat()));
  return made;
}

/**
 * Create a button with a text label.
 * @param {string} label
 * @param {(event: MouseEvent) => unknown} onclick
 * @param {Record<string, string | boolean | undefined>} [properties]
 */
export function button(label, onclick, properties = {}) {
  return el("button", { type: "button", ...properties, onclick }, label);
}

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

// Characters that are invisible or change the direction of the text around them. Some scripts need joiners.
const UNSEEN = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\p{Cs}]/u;

/**
 * Text with invisible characters written as escapes.
 * @param {string} text
 * @param {string} [allowed] characters that stay as they are
 * @returns {Child[]}
 */
export function visible(text, allowed = "") {
  if (!UNSEEN.test(text)) return [text];
  /** @type {Child[]} */
  const parts = [];
  let plain = "";
  for (const character of text) {
    if (!UNSEEN.test(character) || allowed.includes(character)) {
      plain += character;
      continue;
    }
    const code = /** @type {number} */ (character.codePointAt(0)).toString(16).padStart(4, "0");
    parts.push(plain, el("span", { class: "escape" }, `\\u${code}`));
    plain = "";
  }
  return [...parts, plain];
}

/**
 * A name from outside, isolated from the text direction around it.
 * @param {string} text
 * @param {string} [kind]
 */
export function name(text, kind = "name") {
  return el("bdi", { class: kind }, visible(text));
}

/**
 * A function that schedules one call of `draw` before the next frame, however often it is called until then.
 * @param {() => void} draw
 */
export function onNextFrame(draw) {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  };
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function present(children) {
  return /** @type {(Node | string)[]} */ (children.filter((child) => child || child === ""));
}
