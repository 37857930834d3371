// Shows the journal, newest request first, with filters.

import { setRows } from "./rows.js";
import { button, byId, el, name, onNextFrame, visible } from "./dom.js";
import { entryDetails } from "./entry-view.js";
import { decoded } from "./journal.js";
import { attempt } from "./announcements.js";
import { duration, time } from "./times.js";

/** @typedef {import("./journal.js").Entry} Entry */

const PAGE = 100;

/** The section of the requests. */
export class RequestsView {
  /** @type {Map<number, HTMLLIElement>} */
  #rows = new Map();
  #most = PAGE;
  #newest = 0;
  /** @type {import("./journal.js").Filter} */
  #filter = { text: "", method: "", rejected: false };

  /**
   * @param {import("./journal.js").Journal} journal
   * @param {import("./api.js").Api} api
   * @param {(entry: Entry) => string} curl returns the command that sends a request again
   * @param {Node[]} firstSteps what to show while there are no requests
   */
  constructor(journal, api, curl, firstSteps) {
    this.journal = journal;
    this.curl = curl;
    this.list = el("ol", { class: "rows", "aria-labelledby": "requests-title" });
    this.empty = el("div", { class: "empty", hidden: true }, firstSteps);
    this.none = el("p", { class: "empty", hidden: true }, "No request matches the filters.");
    this.more = button("Show more", () => this.#showMore(), { class: "more", hidden: true });
    this.count = el("p", { class: "count" });
    /** @type {HTMLSelectElement} */
    this.method = el("select", {
      "aria-label": "Method",
      onchange: () => this.#filterBy({ method: this.method.value }),
    });
    this.clear = button("Clear", () => attempt(() => api.request("DELETE", "requests"), "Journal cleared"));
    this.draw = onNextFrame(() => this.#draw());
    byId("requests").replaceChildren(this.#head(), this.empty, this.none, this.list, this.more);
    addEventListener("hashchange", () => this.#follow());
  }

  /** Show that the journal is off. */
  turnOff() {
    const start = el("code", {}, "--journal 1000");
    byId("requests").replaceChildren(
      byId("requests-title"),
      el("p", { class: "empty" }, "The journal is off. Start the mock with ", start, "."),
    );
  }

  /** Show everything again. */
  replaced() {
    this.#newest = this.journal.entries[0]?.id ?? 0;
    this.#draw();
    this.#follow();
  }

  #head() {
    /** @type {HTMLInputElement} */
    const search = el("input", {
      type: "search",
      placeholder: "Filter",
      "aria-label": "Filter the requests by text",
      oninput: () => this.#filterBy({ text: search.value }),
    });
    /** @type {HTMLInputElement} */
    const rejected = el("input", { type: "checkbox", onchange: () => this.#filterBy({ rejected: rejected.checked }) });
    const head = el("div", { class: "head" }, byId("requests-title"), this.count);
    const tools = el(
      "div",
      { class: "tools" },
      search,
      this.method,
      el("label", {}, rejected, "Rejected only"),
      this.clear,
    );
    return el("div", { class: "bar" }, head, tools);
  }

  /** @param {Partial<import("./journal.js").Filter>} wanted */
  #filterBy(wanted) {
    Object.assign(this.#filter, wanted);
    this.#most = PAGE;
    this.draw();
  }

  #showMore() {
    const last = this.list.lastElementChild;
    this.#most += PAGE;
    this.#draw();
    last?.nextElementSibling?.querySelector("summary")?.focus();
  }

  #draw() {
    const matching = this.journal.matching(this.#filter);
    const shown = matching.filter((entry, index) => index < this.#most || this.#isInUse(entry));
    const rows = shown.map((entry) => this.#row(entry));
    for (const [id, row] of this.#rows) if (!rows.includes(row)) this.#rows.delete(id);
    setRows(this.list, rows);
    const all = this.journal.entries.length;
    this.empty.hidden = all > 0;
    this.none.hidden = !all || matching.length > 0;
    this.more.hidden = shown.length >= matching.length;
    this.clear.disabled = !all;
    this.count.textContent = matching.length < all ? `${matching.length} of ${all}` : all ? String(all) : "";
    this.#drawMethods();
  }

  /** Whether the user is reading an entry, so that it has to stay. @param {Entry} entry */
  #isInUse(entry) {
    const row = this.#rows.get(entry.id);
    return row !== undefined && (row.contains(document.activeElement) || row.querySelector("details")?.open === true);
  }

  #drawMethods() {
    const methods = this.journal.methods;
    if (this.#filter.method && !methods.includes(this.#filter.method)) methods.unshift(this.#filter.method);
    if (methods.join() === this.method.dataset.shown) return;
    this.method.dataset.shown = methods.join();
    const options = methods.map((method) =>
      el("option", { value: method, selected: method === this.#filter.method }, visible(method)),
    );
    this.method.replaceChildren(el("option", { value: "" }, "Any method"), ...options);
  }

  /** @param {Entry} entry */
  #row(entry) {
    let row = this.#rows.get(entry.id);
    if (!row) {
      row = this.#newRow(entry);
      this.#rows.set(entry.id, row);
    }
    return row;
  }

  /** @param {Entry} entry */
  #newRow(entry) {
    /** @type {HTMLDetailsElement} */
    const details = el("details", { ontoggle: () => this.#toggled(details, entry) }, el("summary", {}, summary(entry)));
    const isNew = entry.id > this.#newest;
    return el("li", { id: `request-${entry.id}`, class: isNew ? "row new" : "row" }, details);
  }

  /** @param {HTMLDetailsElement} details @param {Entry} entry */
  #toggled(details, entry) {
    if (!details.open) details.lastElementChild?.matches("summary") || details.lastElementChild?.remove();
    else if (details.children.length === 1) details.append(entryDetails(entry, this.curl));
  }

  /** Open the request that the fragment of the address names. */
  #follow() {
    const [, id] = /^#request-(\d+)$/.exec(location.hash) ?? [];
    const entry = this.journal.entries.find((each) => String(each.id) === id);
    if (!entry) return;
    if (!this.#rows.has(entry.id)) this.#most = Infinity;
    this.#draw();
    const details = this.#rows.get(entry.id)?.querySelector("details");
    if (!details) return;
    details.open = true;
    details.scrollIntoView({ block: "nearest" });
    details.querySelector("summary")?.focus({ preventScroll: true });
  }
}

/** The one-line summary of a request. @param {Entry} entry */
function summary(entry) {
  const { status, rejection, query } = entry;
  const family = status ? `s${String(status)[0]}` : "s0";
  return [
    el(
      "span",
      { class: `status ${family}`, title: status ? undefined : "The client disconnected before the response" },
      status ? String(status) : "none",
    ),
    el("span", { class: "method" }, visible(entry.method)),
    el(
      "span",
      { class: "what mono" },
      name(decoded(entry.path)),
      query ? el("span", { class: "soft" }, visible(`?${query}`)) : null,
      preview(entry),
    ),
    el("span", { class: "facts" }, facts(entry)),
    rejection ? el("span", { class: rejection.errors.length ? "why detailed" : "why" }, visible(rejection.line)) : null,
  ].filter((part) => part !== null);
}

/** The start of the request body. @param {Entry} entry */
function preview(entry) {
  const text = entry.request.body.text.slice(0, 300).replace(/\s+/g, " ");
  return text ? el("bdi", { class: "preview" }, visible(text)) : null;
}

/** @param {Entry} entry */
function facts(entry) {
  return [
    entry.faults.map((fault) => el("span", { class: "tag fault-tag" }, `fault ${fault.id}: ${fault.effect}`)),
    entry.preference ? el("span", { class: "tag" }, visible(`Prefer: ${entry.preference}`)) : null,
    entry.organization ? name(entry.organization, "organization") : null,
    el("span", { class: "duration" }, duration(entry.duration_ms)),
    time(entry.time),
  ].flat();
}
