// Saves models or a scenario to a file, loads models from a file, and resets the mock.

import { confirmed } from "./confirmation.js";
import { button, byId, el } from "./dom.js";
import { attempt } from "./announcements.js";

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
      attempt(() => save(api, "state", "respan-mock-state.json"), "Models saved to a file"),
    ),
    button("Load models", () => file.click()),
    file,
    button(
      "Save scenario",
      () => attempt(() => save(api, "scenario", "respan-mock-scenario.json"), "Scenario saved to a file"),
      { title: "Models, fixtures, faults, clock and seed, for respan-mock --scenario FILE. The file contains API keys." },
    ),
    button("Reset all", () => reset(api), { class: "danger" }),
  );
  actions.hidden = false;
}

/**
 * Save the response at `path` to a file unchanged: parsing it would round numbers.
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
  file.value = ""; // allows choosing the same file again
  await attempt(() => api.request("PUT", "state", text), `Models loaded from ${chosen.name}`);
}

/** @param {import("./api.js").Api} api */
async function reset(api) {
  if (!(await confirmed("Delete all requests, and reset models, faults and clock to their initial state?", "Reset"))) return;
  await attempt(() => api.request("POST", "reset", {}), "The mock is reset");
}
