// Asks before something is done that cannot be undone.

import { button, el, visible } from "./dom.js";

/**
 * Whether the user wants it.
 * @param {string} question
 * @param {string} yes what it says on the button
 * @returns {Promise<boolean>}
 */
export function asked(question, yes) {
  return new Promise((resolve) => {
    /** @type {HTMLDialogElement} */
    const dialog = el(
      "dialog",
      { "aria-labelledby": "question", onclose: () => close() },
      el("p", { id: "question" }, visible(question)),
      el(
        "div",
        { class: "actions" },
        button("Cancel", () => dialog.close()),
        button(yes, () => dialog.close("yes"), { class: "danger" }),
      ),
    );
    const close = () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
