// Saves all models to a file, takes them from one, and goes back to the start.

import { asked } from "./asking.js";
import { button, byId, el } from "./dom.js";
import { attempt } from "./speech.js";

/** @param {import("./api.js").Api} api */
export function showStateActions(api) {
  /** @type {HTMLInputElement} */
  const file = el("input", {
    type: "file",
    accept: ".json,application/json",
    hidden: true,
    onchange: () => load(api, file),
  });
  const actions = byId("state");
  actions.replaceChildren(
    button("Save models", () => attempt(() => save(api), "The models are saved to a file")),
    button("Load models", () => file.click()),
    file,
    button("Reset all", () => reset(api), { class: "danger" }),
  );
  actions.hidden = false;
}

/** @param {import("./api.js").Api} api */
async function save(api) {
  const state = await api.ask("GET", "state");
  const text = JSON.stringify(state, null, 2) + "\n";
  const href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  el("a", { href, download: "respan-mock-state.json" }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** @param {import("./api.js").Api} api @param {HTMLInputElement} file */
async function load(api, file) {
  const [chosen] = file.files ?? [];
  if (!chosen) return;
  const text = await chosen.text();
  file.value = ""; // so that the same file can be chosen again
  await attempt(() => api.ask("PUT", "state", text), `The models are those of ${chosen.name}`);
}

/** @param {import("./api.js").Api} api */
async function reset(api) {
  if (!(await asked("Remove all models and requests, and go back to the faults and the clock of the start?", "Reset")))
    return;
  await attempt(() => api.ask("POST", "reset", {}), "The mock is as it was at its start");
}
