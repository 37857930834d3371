// Connects the parts of the page: events update copies of the mock's data, and the views show the copies.

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
import { showError, announce, announceRequest } from "./announcements.js";
import { showStateActions } from "./state-view.js";
import { askForToken, hideTokenForm } from "./token-view.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/** @type {Record<string, string>} the copy that an event changes */
const CHANGES = { request: "journal", cleared: "journal", model: "models", state: "models" };
const LABELS = {
  connecting: "Connecting",
  live: "Live",
  lost: "Not reachable, reconnecting",
  token: "Token required",
  rejected: "Rejected",
};

const api = new Api();
const feed = new Feed(api, { event: receive, reload: build, state: showConnection });
/** @type {Record<string, Replica<any>>} */
let replicas = {};
/** @type {string} */
let built = "";

feed.start();

/** Apply one event. @param {import("./feed.js").MockEvent} event */
function receive(event) {
  const subject = event.event === "skipped" ? event.data.event : event.event;
  const replica = replicas[CHANGES[subject] ?? subject];
  if (event.event === "skipped") replica?.reloadSoon();
  else replica?.take(event);
  if (event.event === "request" && event.data.faults.length) replicas.faults?.reloadSoon();
}

/** Load everything: at the start, after a restart of the mock, and when events were missed. */
async function build() {
  for (const replica of Object.values(replicas)) replica.hold();
  try {
    const info = await api.request("GET", "info");
    hideTokenForm();
    const now = JSON.stringify(info);
    if (built && built !== now) return location.reload(); // restarted with other settings
    if (!built) construct(info);
    built = now;
    byId("console").hidden = false;
    for (const replica of Object.values(replicas)) replica.reload();
  } catch (error) {
    for (const replica of Object.values(replicas)) replica.release();
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
    () => api.request("GET", `requests?limit=${journal.size}`),
    ({ requests }) => {
      journal.replace(requests);
      view.replaced();
    },
    ({ event, data }) => {
      if (event === "cleared") journal.clear();
      else if (journal.add(data)) announceRequest(data.rejection !== null);
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
    () => api.request("GET", "state"),
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
    () => api.request("GET", "faults"),
    ({ faults }) => view.show(faults),
    ({ data }) => view.show(data),
    fail,
  );
}

/** @param {keyof typeof LABELS} state @param {any} [error] */
function showConnection(state, error) {
  const place = byId("connection");
  if (place.dataset.state !== state) {
    place.dataset.state = state;
    place.textContent = LABELS[state];
    if (state !== "connecting") announce(LABELS[state]);
  }
  if (error && state !== "lost") fail(error);
}

/** @param {any} error */
function fail(error) {
  if (error.status === 401) askForToken(api, () => feed.start());
  else if ("status" in error) showError(error.message);
}

/** @param {string} text */
function visibleNodes(text) {
  return [el("span", {}, visible(text))];
}
