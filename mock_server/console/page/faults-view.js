// Shows the rules for faults, and adds and removes them.

import { setRows } from "./rows.js";
import { button, byId, el, name, visible } from "./dom.js";
import { PRESETS } from "./presets.js";
import { attempt, showError } from "./announcements.js";

/** @typedef {{id: string, fired: number} & Record<string, unknown>} Fault */

const CONDITIONS = ["method", "path", "organization", "model"];

/** The section of the faults. */
export class FaultsView {
  /** @type {Map<string, HTMLLIElement>} */
  #rows = new Map();

  /**
   * @param {import("./api.js").Api} api
   * @param {string[]} organizations
   * @param {string[]} methods
   * @param {{method: string, path: string}} example a request that a rule may match
   */
  constructor(api, organizations, methods, { method, path }) {
    this.api = api;
    this.example = JSON.stringify({ method, path: `${path}*`, probability: 0.5, status: 503, detail: "Try again." });
    this.organization = choice("Organization", "any organization", organizations);
    this.method = choice("Method", "any method", methods);
    this.list = el("ul", { class: "faults", "aria-label": "Active faults" });
    this.count = el("span", { class: "count" });
    const scope = el(
      "div",
      { class: "tools scope" },
      el("span", { class: "soft" }, "for requests with"),
      this.method,
      this.organization,
    );
    const head = el("div", { class: "head" }, byId("faults-title"), this.count);
    const presets = PRESETS.map(({ title, rules }) => this.#group(title, rules));
    byId("faults").replaceChildren(
      el("div", { class: "bar" }, head, scope),
      el("div", { class: "presets" }, presets, this.#form()),
      this.list,
    );
  }

  /** Show these rules. @param {Fault[]} faults */
  show(faults) {
    const rows = faults.map((fault) => this.#row(fault));
    const ids = new Set(faults.map((fault) => fault.id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    setRows(this.list, rows);
    this.list.hidden = !faults.length;
    this.count.textContent = faults.length ? `${faults.length} active` : "";
  }

  /** @param {string} title @param {[label: string, hint: string, rule: import("./presets.js").Rule][]} rules */
  #group(title, rules) {
    const buttons = rules.map(([label, hint, rule]) =>
      button(label, () => this.#add({ ...this.#scope(), ...rule }), { title: hint }),
    );
    return el(
      "div",
      { class: "preset", role: "group", "aria-label": title },
      el("span", { class: "soft" }, title),
      buttons,
    );
  }

  #scope() {
    const { organization, method } = this;
    return {
      ...(organization.value ? { organization: organization.value } : {}),
      ...(method.value ? { method: method.value } : {}),
    };
  }

  #form() {
    const text = el("textarea", { rows: 4, spellcheck: "false", "aria-label": "Rule as JSON", class: "mono" });
    text.value = this.example;
    const members = el("dl", { class: "members" });
    const form = el(
      "form",
      {
        onsubmit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          this.#addWritten(text.value);
        },
      },
      text,
      el("button", { type: "submit" }, "Add the rule"),
      members,
    );
    return el(
      "details",
      { class: "writing", ontoggle: () => members.childElementCount || attempt(() => this.#explain(members)) },
      el("summary", {}, "Write a rule"),
      form,
    );
  }

  /** Show the members of a rule, from the document of the admin API. @param {HTMLDListElement} place */
  async #explain(place) {
    const { components } = await this.api.request("GET", "openapi.json");
    /** @type {[string, {description: string, readOnly?: boolean}][]} */
    const members = Object.entries(components.schemas.Fault.properties);
    const written = members.filter(([, { readOnly }]) => !readOnly);
    place.replaceChildren(
      ...written.map(([member, { description }]) =>
        el("div", {}, el("dt", { class: "mono" }, member), el("dd", {}, description)),
      ),
    );
  }

  /** @param {string} text */
  #addWritten(text) {
    try {
      JSON.parse(text);
    } catch (error) {
      showError(`The rule is not valid JSON: ${/** @type {Error} */ (error).message}`);
      return;
    }
    this.#add(text);
  }

  /** @param {unknown} rule */
  #add(rule) {
    return attempt(() => this.api.request("POST", "faults", rule), "Fault added");
  }

  /** @param {Fault} fault */
  #row(fault) {
    const { id, fired, ...rule } = fault;
    const [effect, conditions] = described(rule);
    let row = this.#rows.get(id);
    const text = JSON.stringify(rule);
    if (!row || row.dataset.rule !== text) {
      row = el(
        "li",
        { class: "fault", "data-rule": text },
        name(id, "mono"),
        el("span", {}, el("b", {}, visible(effect)), visible(conditions)),
        el("span", { class: "fired" }),
        button("Remove", () => this.#remove(id), { "aria-label": `Remove the fault ${id}` }),
      );
      this.#rows.set(id, row);
    }
    this.#showFired(row, fired, rule.count);
    return row;
  }

  /** @param {HTMLLIElement} row @param {number} fired @param {unknown} count */
  #showFired(row, fired, count) {
    const text = `fired ${fired}${count ? ` of ${count}` : "×"}`;
    const shown = /** @type {HTMLElement} */ (row.querySelector(".fired"));
    if (shown.textContent !== text) {
      if (shown.textContent) row.classList.add("changed");
      shown.textContent = text;
    }
    row.classList.toggle("exhausted", typeof count === "number" && fired >= count);
  }

  /** @param {string} id */
  async #remove(id) {
    const next = this.#rows.get(id)?.nextElementSibling ?? this.#rows.get(id)?.previousElementSibling;
    if (!(await attempt(() => this.api.request("DELETE", `faults/${encodeURIComponent(id)}`), `Fault ${id} removed`)))
      return;
    const button = /** @type {HTMLElement | null | undefined} */ (next?.querySelector("button"));
    (button ?? this.method).focus({ preventScroll: true });
  }
}

/** @param {string} label @param {string} any @param {string[]} values */
function choice(label, any, values) {
  const options = values.map((value) => el("option", { value }, visible(value)));
  return el("select", { "aria-label": `${label} that fails` }, el("option", { value: "" }, any), options);
}

/** A rule in words: its effect and its conditions. @param {Record<string, unknown>} rule @returns {[string, string]} */
function described({ count, probability, when, ...rule }) {
  const effects = Object.entries(rule).filter(([member]) => !CONDITIONS.includes(member));
  const effect = effects.map(([member, value]) => (value === true ? member : `${member} ${flat(value)}`)).join(", ");
  const conditions = CONDITIONS.filter((member) => member in rule).map((member) => ` · ${member} ${rule[member]}`);
  if (typeof probability === "number") conditions.push(` · ${+(probability * 100).toPrecision(3)} %`);
  if (when === "after") conditions.push(" · after the request takes effect");
  return [effect, conditions.join("")];
}

/** @param {unknown} value */
function flat(value) {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([member, each]) => `${member} ${each}`)
    .join(", ");
}
