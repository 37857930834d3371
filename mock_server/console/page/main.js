// Puts the page together: what the mock tells goes into copies, and the views show them.

import { Api } from "./api.js";
import { replay } from "./commands.js";
import { byId, el, visible } from "./dom.js";
import { FaultsView } from "./faults-view.js";
import { Feed } from "./feed.js";
import { firstSteps } from "./first-steps.js";
import { Journal } from "./journal.js";
import { Models } from "./models.js";
import { OrganizationsView } from "./organizations-view.js";
import { Replica } from "./replica.js";
import { RequestsView } from "./requests-view.js";
import { complain, say, sayRequest } from "./speech.js";
import { showStateActions } from "./state-view.js";
import { askForToken, hideTokenForm } from "./token-view.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/** @type {Record<string, string>} what an event changes */
const CHANGES = { request: "journal", cleared: "journal", model: "models", state: "models" };
const SAID = {
  connecting: "Connecting",
  live: "Live",
  lost: "Not reachable, trying again",
  token: "Asks for a token",
  refused: "Refused",
};

const api = new Api();
const feed = new Feed(api, { event: hear, anew: build, state: showConnection });
/** @type {Record<string, Replica<any>>} */
let replicas = {};
/** @type {string} */
let built = "";

feed.start();

/** Take one event. @param {import("./feed.js").Told} told */
function hear(told) {
  const subject = told.event === "skipped" ? told.data.event : told.event;
  const replica = replicas[CHANGES[subject] ?? subject];
  if (told.event === "skipped") replica?.reloadSoon();
  else replica?.take(told);
  if (told.event === "request" && told.data.faults.length) replicas.faults?.reloadSoon();
}

/** Load everything anew, as at the start, after a restart of the mock, or when events were missed. */
async function build() {
  try {
    const info = await api.ask("GET", "info");
    hideTokenForm();
    const now = JSON.stringify(info);
    if (built && built !== now) return location.reload(); // it was started anew, and otherwise
    if (!built) construct(info);
    built = now;
    byId("console").hidden = false;
    for (const replica of Object.values(replicas)) replica.reload();
  } catch (error) {
    fail(error);
  }
}

/** @param {any} info */
function construct(info) {
  document.title = `respan-mock · ${info.contract.title}`;
  byId("contract").replaceChildren(...visibleNodes(info.contract.title), " ", ...visibleNodes(info.contract.version));
  showStateActions(api);
  replicas = {
    journal: journalReplica(info),
    models: modelsReplica(info),
    faults: faultsReplica(info),
  };
}

/** @param {any} info */
function journalReplica(info) {
  const journal = new Journal(info.settings.journal);
  const view = new RequestsView(
    journal,
    api,
    (entry) => replay(entry, info.organizations),
    firstSteps(info.first_request),
  );
  if (!journal.size) {
    view.turnOff();
    return new Replica(
      async () => null,
      () => {},
      () => {},
      fail,
    );
  }
  return new Replica(
    () => api.ask("GET", `requests?limit=${journal.size}`),
    ({ requests }) => {
      journal.replace(requests);
      view.replaced();
    },
    ({ event, data }) => {
      if (event === "cleared") journal.clear();
      else if (journal.add(data)) sayRequest(data.refusal !== null);
      view.draw();
    },
    fail,
  );
}

/** @param {any} info */
function modelsReplica(info) {
  const models = new Models();
  const view = new OrganizationsView(models, api, info);
  return new Replica(
    () => api.ask("GET", "state"),
    (state) => {
      models.replace(state.models);
      view.replaced();
    },
    ({ event, data }) => {
      if (event === "state") return replicas.models?.reload();
      models.put(data.organization, data.name, data.model);
      view.changed(data.organization, data.name);
    },
    fail,
  );
}

/** @param {any} info */
function faultsReplica(info) {
  const organizations = info.organizations.map((/** @type {{name: string}} */ { name }) => name);
  const view = new FaultsView(api, organizations, METHODS, info.first_request);
  return new Replica(
    () => api.ask("GET", "faults"),
    ({ faults }) => view.show(faults),
    ({ data }) => view.show(data),
    fail,
  );
}

/** @param {keyof typeof SAID} state @param {any} [error] */
function showConnection(state, error) {
  const place = byId("connection");
  if (place.dataset.state !== state) {
    place.dataset.state = state;
    place.textContent = SAID[state];
    if (state !== "connecting") say(SAID[state]);
  }
  if (error && state !== "lost") fail(error);
}

/** @param {any} error */
function fail(error) {
  if (error.status === 401) askForToken(api, () => feed.start());
  else if ("status" in error) complain(error.message);
}

/** @param {string} text */
function visibleNodes(text) {
  return [el("span", {}, visible(text))];
}
