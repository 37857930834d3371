// Copies text.

import { button, el } from "./dom.js";
import { complain, say } from "./speech.js";

const SHOWN_FOR = 1_500;

/**
 * A button that copies.
 * @param {string} label
 * @param {() => string} text
 * @param {string} what names what is copied, for those who hear the button
 */
export function copyButton(label, text, what) {
  /** @type {number | undefined} */
  let timer;
  const made = button(
    label,
    async () => {
      if (!(await copied(text()))) return complain("The browser does not let this page copy.");
      made.textContent = "Copied";
      say(`Copied ${what}`);
      clearTimeout(timer);
      timer = setTimeout(() => (made.textContent = label), SHOWN_FOR);
    },
    { class: "copy", "aria-label": label === "Copy" ? `Copy ${what}` : undefined },
  );
  return made;
}

/** Whether `text` could be copied. @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

/** Where there is no clipboard: it is only for pages of this machine or with TLS. @param {string} text */
function copiedBySelection(text) {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  return done;
}
