// Shows the organizations with their keys, providers and models.

import { setRows } from "./rows.js";
import { button, byId, el, name, onNextFrame, visible } from "./dom.js";
import { confirmed } from "./confirmation.js";
import { copyButton } from "./copy-button.js";
import { ModelRow } from "./model-row.js";
import { attempt } from "./announcements.js";

/** @typedef {import("./models.js").Organization} Organization */

const PAGE = 50;

/** The section of the organizations. */
export class OrganizationsView {
  /** @type {Card[]} */
  #cards;

  /**
   * @param {import("./models.js").Models} models
   * @param {import("./api.js").Api} api
   * @param {{organizations: Organization[], built_in: string[]}} info
   */
  constructor(models, api, info) {
    this.models = models;
    this.#cards = info.organizations.map((organization) => new Card(organization, models, api));
    const builtIn = builtInModels(info, api);
    byId("models").replaceChildren(byId("models-title"), ...this.#cards.map((card) => card.element), ...builtIn);
    addEventListener("hashchange", () => this.#follow());
  }

  /** Show everything again. */
  replaced() {
    for (const card of this.#cards) card.changed();
    this.#follow();
  }

  /** Show a model that was written or removed. @param {string} organization @param {string} name */
  changed(organization, name) {
    this.#cards.find((card) => card.name === organization)?.changed(name);
  }

  /** Open the model that the fragment of the address names. */
  #follow() {
    const [, organization, model] = /^#model-([^/]+)\/(.+)$/.exec(location.hash) ?? [];
    if (organization === undefined || model === undefined) return;
    try {
      this.#cards.find((card) => card.name === decodeURIComponent(organization))?.open(decodeURIComponent(model));
    } catch {
      // not an address of this page
    }
  }
}

/** One organization. */
class Card {
  /** @type {Map<string, ModelRow>} */
  #rows = new Map();
  /** @type {Set<string>} */
  #changed = new Set();
  #most = PAGE;
  #isFirst = true;

  /**
   * @param {Organization} organization
   * @param {import("./models.js").Models} models
   * @param {import("./api.js").Api} api
   */
  constructor(organization, models, api) {
    this.name = organization.name;
    this.models = models;
    this.api = api;
    this.count = el("span", { class: "count" });
    this.list = el("ol", { class: "rows", "aria-label": `Models of ${this.name}` });
    this.empty = el("p", { class: "empty" }, "No models yet.");
    this.more = button("Show all", () => this.#showAll(), { class: "more", hidden: true });
    this.reset = button("Remove all", () => this.#removeAll(), { "aria-label": `Remove all models of ${this.name}` });
    const head = el(
      "div",
      { class: "bar" },
      el("h3", {}, name(this.name)),
      el("div", { class: "tools" }, this.count, this.reset),
    );
    this.element = el(
      "section",
      { class: "card", "aria-label": this.name },
      head,
      el("ul", { class: "keys", "aria-label": `API keys of ${this.name}` }, organization.keys.map(apiKey)),
      organization.providers.length
        ? el("p", { class: "providers soft" }, "Providers ", listed(organization.providers))
        : null,
      this.list,
      this.empty,
      this.more,
    );
    this.draw = onNextFrame(() => this.#draw());
  }

  /** Show a changed model, or that any may have changed. @param {string} [model] */
  changed(model) {
    if (model !== undefined) this.#changed.add(model);
    this.draw();
  }

  /** Open a model if it exists. @param {string} model */
  open(model) {
    if (!this.models.of(this.name).some(([each]) => each === model)) return;
    if (!this.#rows.has(model)) this.#most = Infinity;
    this.#draw();
    this.#rows.get(model)?.open();
  }

  #draw() {
    const all = this.models.of(this.name);
    const shown = all.filter(([model], index) => index < this.#most || this.#rows.get(model)?.isInUse);
    setRows(
      this.list,
      shown.map(([model, stored]) => this.#row(model, stored).element),
    );
    const names = new Set(shown.map(([model]) => model));
    for (const model of this.#rows.keys()) if (!names.has(model)) this.#rows.delete(model);
    this.empty.hidden = all.length > 0;
    this.reset.hidden = !all.length;
    this.more.hidden = shown.length >= all.length;
    this.more.textContent = `Show all ${all.length.toLocaleString()}`;
    this.count.textContent = all.length === 1 ? "1 model" : `${all.length.toLocaleString()} models`;
    this.#changed.clear();
    this.#isFirst = false;
  }

  /** @param {string} model @param {import("./models.js").Model} stored */
  #row(model, stored) {
    let row = this.#rows.get(model);
    if (!row) {
      row = new ModelRow(this.api, this.name, model, stored);
      this.#rows.set(model, row);
      if (!this.#isFirst && this.#changed.has(model)) row.highlight();
    } else {
      row.show(stored, this.#changed);
    }
    return row;
  }

  #showAll() {
    const last = this.list.lastElementChild;
    this.#most = Infinity;
    this.#draw();
    last?.nextElementSibling?.querySelector("summary")?.focus();
  }

  async #removeAll() {
    const count = this.models.count(this.name);
    if (!(await confirmed(`Remove ${count === 1 ? "the model" : `all ${count} models`} of ${this.name}?`, "Remove")))
      return;
    await attempt(
      () => this.api.request("POST", "reset", { organization: this.name }),
      `Models of ${this.name} removed`,
    );
  }
}

/** @param {{key: string, may_write: boolean}} key */
function apiKey({ key, may_write }) {
  return el(
    "li",
    {},
    el("code", {}, visible(key)),
    el("span", { class: "soft" }, may_write ? "read and write" : "read-only"),
    copyButton("Copy", () => key, `the key ${key}`),
  );
}

/** @param {string[]} names */
function listed(names) {
  return names.flatMap((each, index) => [index ? ", " : "", name(each, "mono")]);
}

/** @param {{organizations: Organization[], built_in: string[]}} info @param {import("./api.js").Api} api */
function builtInModels({ organizations: [first], built_in }, api) {
  if (!first || !built_in.length) return [];
  const rows = built_in.map((model) => new ModelRow(api, first.name, model).element);
  const title = el(
    "summary",
    {},
    el("h3", {}, "Built-in models"),
    el("span", { class: "count" }, String(built_in.length)),
  );
  return [
    el(
      "details",
      { class: "card built-in" },
      title,
      el("ol", { class: "rows", "aria-label": "Built-in models" }, rows),
    ),
  ];
}
