// Asks for confirmation of what cannot be undone.

import { button, el, visible } from "./dom.js";

/**
 * Ask a question and return whether the user confirms.
 * @param {string} question
 * @param {string} yes the label of the button that confirms
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
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
