// Saves all models or the whole scenario to a file, takes models from one, and goes back to the start.

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
    button("Save models", () =>
      attempt(() => save(api, "state", "respan-mock-state.json"), "The models are saved to a file"),
    ),
    button("Load models", () => file.click()),
    file,
    button(
      "Save scenario",
      () => attempt(() => save(api, "scenario", "respan-mock-scenario.json"), "The scenario is saved to a file"),
      { title: "Models, fixtures, faults, clock and seed, for respan-mock --scenario FILE. API keys are in it." },
    ),
    button("Reset all", () => reset(api), { class: "danger" }),
  );
  actions.hidden = false;
}

/**
 * Save what stands at `path` to a file, to the letter: numbers would not survive being read as JavaScript's.
 * @param {import("./api.js").Api} api @param {string} path @param {string} name
 */
async function save(api, path, name) {
  const text = await (await api.open("GET", path)).text();
  const href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  el("a", { href, download: name }).click();
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
  if (!(await asked("Forget all requests, and go back to the models, faults and clock of the start?", "Reset"))) return;
  await attempt(() => api.ask("POST", "reset", {}), "The mock is as it was at its start");
}
