// Shows one model: in a line, and opened with all its fields.

import { button, el, name, visible } from "./dom.js";
import { copyButton } from "./copying.js";
import { jsonValue } from "./json-text.js";
import { attempt } from "./speech.js";
import { time } from "./times.js";

/**
 * @typedef {import("./models.js").Model} Model
 * @typedef {{shown: Record<string, unknown>, givers: Record<string, string>}} Shown
 */

/** A model in a list. */
export class ModelRow {
  /** @type {Record<string, unknown> | undefined} */
  #before;
  #asked = 0;

  /**
   * @param {import("./api.js").Api} api
   * @param {string} organization
   * @param {string} model
   * @param {Model} [stored] what it has of its own; a built-in one has nothing
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

  /** Whether somebody is looking at it, so that it has to stay. */
  get isInUse() {
    return this.details.open || this.element.contains(document.activeElement);
  }

  /** Show what it has now. @param {Model} stored @param {Set<string>} changed the models that have changed */
  show(stored, changed) {
    const isChanged = JSON.stringify(stored) !== JSON.stringify(this.stored);
    this.stored = stored;
    if (isChanged) this.#summarize();
    if (isChanged || changed.has(this.model)) this.highlight();
    if (this.details.open) this.#load(); // it may show what another model gives it
  }

  /** Draw attention to it for a moment. */
  highlight() {
    this.element.classList.remove("changed");
    void this.element.offsetWidth; // so that the animation begins anew
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
    const number = ++this.#asked;
    const query = new URLSearchParams({ organization: this.organization, name: this.model });
    try {
      const shown = await this.api.ask("GET", `model?${query}`);
      if (number === this.#asked) this.#fill(shown);
    } catch (error) {
      if (!("status" in /** @type {object} */ (error))) return; // the page says already that the mock is gone
      this.content.replaceChildren(el("p", { class: "soft" }, visible(/** @type {Error} */ (error).message)));
    }
  }

  /** @param {Shown} shown */
  #fill({ shown, givers }) {
    const before = this.#before;
    this.#before = shown;
    const rows = Object.entries(shown).map(([field, value]) => {
      const isOther = before && JSON.stringify(before[field]) !== JSON.stringify(value);
      return el(
        "tr",
        { class: isOther ? "changed" : undefined },
        el("th", { scope: "row" }, breakable(field)),
        el("td", {}, el("div", {}, jsonValue(value), this.#origin(givers[field]))),
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

  /** Where a value comes from. @param {string | undefined} giver */
  #origin(giver) {
    if (giver === undefined) return null;
    if (giver === this.model) return el("span", { class: "tag own" }, "set");
    return el("span", { class: "tag" }, "from ", name(giver));
  }

  #remove() {
    const one = { organization: this.organization, model: this.model };
    return attempt(() => this.api.ask("POST", "reset", one), `${this.model} is removed`);
  }
}

/** A name of a field, which may break between its words. @param {string} field */
function breakable(field) {
  return field.split(/(?<=_)/).flatMap((word) => [...visible(word), el("wbr")]);
}

/** @param {unknown} value */
function short(value) {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "[…]" : "{…}";
}
