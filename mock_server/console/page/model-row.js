// Shows one model: one line, and all fields when it is open.

import { button, el, name, visible } from "./dom.js";
import { copyButton } from "./copy-button.js";
import { jsonValue } from "./json-text.js";
import { attempt } from "./announcements.js";
import { time } from "./times.js";

/**
 * @typedef {import("./models.js").Model} Model
 * @typedef {{returned: Record<string, unknown>, origins: Record<string, string>}} Returned
 */

/** A model in a list. */
export class ModelRow {
  /** @type {Record<string, unknown> | undefined} */
  #before;
  #loads = 0;

  /**
   * @param {import("./api.js").Api} api
   * @param {string} organization
   * @param {string} model
   * @param {Model} [stored] the stored model; none for a built-in model
   */
  constructor(api, organization, model, stored) {
    this.api = api;
    this.organization = organization;
    this.model = model;
    this.stored = stored;
    this.summary = el("summary");
    this.content = el("div", { class: "details" });
    this.details = el("details", { ontoggle: () => this.#toggled() }, this.summary);
    this.element = el("li", { class: "row model" }, this.details);
    if (stored) this.element.id = `model-${encodeURIComponent(organization)}/${encodeURIComponent(model)}`;
    this.#summarize();
  }

  /** Whether the user is reading the row, so that it has to stay. */
  get isInUse() {
    return this.details.open || this.element.contains(document.activeElement);
  }

  /** Show the new stored values. @param {Model} stored @param {Set<string>} changed the models that have changed */
  show(stored, changed) {
    const isChanged = JSON.stringify(stored) !== JSON.stringify(this.stored);
    this.stored = stored;
    if (isChanged) this.#summarize();
    if (isChanged || changed.has(this.model)) this.highlight();
    if (this.details.open) this.#load(); // inherited values may have changed
  }

  /** Highlight the row for a moment. */
  highlight() {
    this.element.classList.remove("changed");
    void this.element.offsetWidth; // restarts the animation
    this.element.classList.add("changed");
  }

  open() {
    this.details.open = true;
    this.details.scrollIntoView({ block: "nearest" });
    this.summary.focus({ preventScroll: true });
  }

  #summarize() {
    const values = Object.entries(this.stored?.values ?? {}).filter(([, value]) => value !== this.model);
    const preview = values.map(([field, value]) => `${field} ${short(value)}`).join("  ·  ");
    this.summary.replaceChildren(
      name(this.model, "mono name"),
      ...(this.stored ? [time(this.stored.updated)] : []),
      ...(preview ? [el("span", { class: "preview" }, visible(preview))] : []),
    );
  }

  #toggled() {
    if (this.details.open) {
      this.details.append(this.content);
      this.#load();
    } else {
      this.content.remove();
      this.#before = undefined;
    }
  }

  async #load() {
    const number = ++this.#loads;
    const query = new URLSearchParams({ organization: this.organization, name: this.model });
    try {
      const model = await this.api.request("GET", `model?${query}`);
      if (number === this.#loads) this.#fill(model);
    } catch (error) {
      if (!("status" in /** @type {object} */ (error))) return; // the page already shows that the mock cannot be reached
      this.content.replaceChildren(el("p", { class: "soft" }, visible(/** @type {Error} */ (error).message)));
    }
  }

  /** @param {Returned} model */
  #fill({ returned, origins }) {
    const before = this.#before;
    this.#before = returned;
    const rows = Object.entries(returned).map(([field, value]) => {
      const isChanged = before && JSON.stringify(before[field]) !== JSON.stringify(value);
      return el(
        "tr",
        { class: isChanged ? "changed" : undefined },
        el("th", { scope: "row" }, breakable(field)),
        el("td", {}, el("div", {}, jsonValue(value), this.#origin(origins[field]))),
      );
    });
    const label = { "aria-label": `Fields of ${this.model}` };
    const table = el("table", { class: "fields", ...label }, el("tbody", {}, rows));
    const old = this.content.querySelector("table");
    if (old) old.replaceWith(table);
    else this.content.replaceChildren(this.#actions(), table);
  }

  #actions() {
    const copy = copyButton("Copy JSON", () => JSON.stringify(this.#before, null, 2), "the model");
    const link = `${location.href.split("#")[0]}#${this.element.id}`;
    const own = this.stored
      ? [copyButton("Copy link", () => link, "the link"), button("Remove", () => this.#remove())]
      : [];
    return el("div", { class: "actions" }, copy, own);
  }

  /** Show where a value comes from. @param {string | undefined} origin */
  #origin(origin) {
    if (origin === undefined) return null;
    if (origin === this.model) return el("span", { class: "tag own" }, "set");
    return el("span", { class: "tag" }, "from ", name(origin));
  }

  #remove() {
    const one = { organization: this.organization, model: this.model };
    return attempt(() => this.api.request("POST", "reset", one), `${this.model} removed`);
  }
}

/** The name of a field, with line breaks allowed between its words. @param {string} field */
function breakable(field) {
  return field.split(/(?<=_)/).flatMap((word) => [...visible(word), el("wbr")]);
}

/** @param {unknown} value */
function short(value) {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "[…]" : "{…}";
}
