import { Models } from "./api.js";
import { ModelForm, complain } from "./form.js";
import { explained, worthRepeating } from "./messages.js";

// ?api=ADDRESS&model=NAME&timeout=MILLISECONDS. The key is not taken from the address: those end up in logs.
const query = new URLSearchParams(location.search);
const timeout = Number(query.get("timeout") ?? 10_000);
const at = (id) => document.getElementById(id);
const form = new ModelForm(at("model"));

let loaded = ""; // the name of the model that is changed, empty for a new one
let repeat = () => {};
let cancel = () => {};

async function load(name) {
  const outcome = await ask(`Loading ${name} …`, (models, signal) => models.read(name, signal));
  if (outcome.kind !== "done") return tell(outcome, false, () => load(name));
  show(outcome.body);
  const builtIn = outcome.body.affiliation_category === "respan";
  at("status").textContent = builtIn
    ? `${name} is built in and cannot be changed. Name it as the base of a new model.`
    : `Loaded ${name}.`;
}

async function save({ repeated = false } = {}) {
  const sent = form.changed();
  const outcome = await ask("Saving …", (models, signal) => models.save(sent, signal));
  if (outcome.kind !== "done") {
    tell(outcome, true, () => save({ repeated: true }));
    complainOf(outcome, sent);
    return;
  }
  const name = outcome.body.model_name;
  const known = loaded === name || repeated ? `Saved ${name}.` : `${name} existed already, and was changed.`;
  show(outcome.body);
  at("status").textContent = outcome.status === 201 ? `Created ${name}.` : known;
}

/** Asks the API. While it takes its time, nothing can be changed, and the user can stop waiting. */
async function ask(doing, question) {
  const models = new Models({ url: at("api").value, key: at("key").value, timeout });
  const controller = new AbortController();
  const focused = document.activeElement;
  cancel = () => controller.abort();
  at("status").textContent = doing;
  at("problem").textContent = "";
  at("again").hidden = true;
  complain(at("key"), []);
  busy(true);
  const outcome = await question(models, controller.signal);
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

function tell(outcome, saving, action) {
  at("problem").textContent = explained(outcome, saving);
  repeat = action;
  at("again").hidden = !worthRepeating(outcome);
  if (outcome.status === 401) {
    complain(at("key"), [outcome.detail || "Not accepted."]);
    at("key").focus();
  }
}

/** Shows beside each field what is wrong with it. */
function complainOf({ status, fields = {}, detail }, sent) {
  const references = ["base_model_name", "custom_provider_id"].filter((name) => name in sent);
  const dead = status === 404 && references.length === 1 ? { [references[0]]: [detail] } : {}; // a 404 names no field
  const others = form.complain({ ...fields, ...dead });
  if (others.length) at("problem").append(` ${others.join(" ")}`);
}

function show(model) {
  loaded = model.model_name ?? "";
  form.fill({ ...model, custom_provider_id: model.provider?.provider_id }); // the answer shows the provider itself
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
at("key").addEventListener("input", () => complain(at("key"), []));

at("api").value = query.get("api") ?? at("api").value;
if (query.has("model")) {
  at("name").value = query.get("model");
  load(at("name").value);
}
