import { Models } from "./api.js";
import { ModelForm, showErrors } from "./form.js";
import { explanation, canRetry } from "./messages.js";

// ?api=ADDRESS&model=NAME&timeout=MILLISECONDS. The key is not in the address, since addresses end up in logs.
const query = new URLSearchParams(location.search);
const timeout = Number(query.get("timeout") ?? 10_000);
const at = (id) => document.getElementById(id);
const form = new ModelForm(at("model"));

let loaded = ""; // the name of the loaded model, empty for a new one
let repeat = () => {};
let cancel = () => {};

async function load(name) {
  const outcome = await send(`Loading ${name} …`, (models, signal) => models.read(name, signal));
  if (outcome.kind !== "done") return report(outcome, false, () => load(name));
  show(outcome.body);
  const builtIn = outcome.body.affiliation_category === "respan";
  at("status").textContent = builtIn
    ? `${name} is built in and cannot be changed. Use it as the base of a new model.`
    : `Loaded ${name}.`;
}

async function save({ repeated = false } = {}) {
  const sent = form.changed();
  const outcome = await send("Saving …", (models, signal) => models.save(sent, signal));
  if (outcome.kind !== "done") {
    report(outcome, true, () => save({ repeated: true }));
    showErrorsOf(outcome, sent);
    return;
  }
  const name = outcome.body.model_name;
  const known = loaded === name || repeated ? `Saved ${name}.` : `Updated ${name}, which already existed.`;
  show(outcome.body);
  at("status").textContent = outcome.status === 201 ? `Created ${name}.` : known;
}

/** Sends a request. Until it ends, the form is inactive, and the user can cancel. */
async function send(doing, request) {
  const models = new Models({ url: at("api").value, key: at("key").value, timeout });
  const controller = new AbortController();
  const focused = document.activeElement;
  cancel = () => controller.abort();
  at("status").textContent = doing;
  at("problem").textContent = "";
  at("again").hidden = true;
  showErrors(at("key"), []);
  busy(true);
  const outcome = await request(models, controller.signal);
  busy(false);
  at("status").textContent = "";
  focused?.focus();
  return outcome;
}

function busy(on) {
  for (const part of document.querySelectorAll(".card")) part.inert = on;
  document.querySelector("main").ariaBusy = String(on);
  at("cancel").hidden = !on;
}

function report(outcome, saving, action) {
  at("problem").textContent = explanation(outcome, saving);
  repeat = action;
  at("again").hidden = !canRetry(outcome);
  if (outcome.status === 401) {
    showErrors(at("key"), [outcome.detail || "The key was rejected."]);
    at("key").focus();
  }
}

/** Shows the error messages beside their fields. */
function showErrorsOf({ status, fields = {}, detail }, sent) {
  const references = ["base_model_name", "custom_provider_id"].filter((name) => name in sent);
  const missing = status === 404 && references.length === 1 ? { [references[0]]: [detail] } : {}; // a 404 names no field
  const others = form.showErrors({ ...fields, ...missing });
  if (others.length) at("problem").append(` ${others.join(" ")}`);
}

function show(model) {
  loaded = model.model_name ?? "";
  form.fill({ ...model, custom_provider_id: model.provider?.provider_id }); // a response contains the provider, not its identifier
  at("model_name").readOnly = Boolean(loaded);
  at("model-title").textContent = loaded ? `Change ${loaded}` : "New model";
  at("save").textContent = loaded ? "Save" : "Create";
  at("new").hidden = !loaded;
}

function on(id, event, action) {
  at(id).addEventListener(event, (occurred) => {
    occurred.preventDefault();
    action();
  });
}

on("load", "submit", () => load(at("name").value));
on("model", "submit", () => save());
on("new", "click", () => {
  show({});
  at("status").textContent = "";
  at("model_name").focus();
});
on("cancel", "click", () => cancel());
on("again", "click", () => repeat());
at("key").addEventListener("input", () => showErrors(at("key"), []));

at("api").value = query.get("api") ?? at("api").value;
if (query.has("model")) {
  at("name").value = query.get("model");
  load(at("name").value);
}
