// Buttons that copy text.

import { button, el } from "./dom.js";
import { showError, announce } from "./announcements.js";

const SHOWN_FOR = 1_500;

/**
 * A button that copies text.
 * @param {string} label
 * @param {() => string} text
 * @param {string} what a name of the text, for screen readers
 */
export function copyButton(label, text, what) {
  /** @type {number | undefined} */
  let timer;
  const made = button(
    label,
    async () => {
      if (!(await copied(text()))) return showError("The browser does not allow this page to copy.");
      made.textContent = "Copied";
      announce(`Copied ${what}`);
      clearTimeout(timer);
      timer = setTimeout(() => (made.textContent = label), SHOWN_FOR);
    },
    { class: "copy", "aria-label": label === "Copy" ? `Copy ${what}` : undefined },
  );
  return made;
}

/** Copy `text`, and return whether that worked. @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

/** Copy without a clipboard, which browsers offer only to local pages and over TLS. @param {string} text */
function copiedBySelection(text) {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const area = el("textarea", { class: "visually-hidden", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  return done;
}
