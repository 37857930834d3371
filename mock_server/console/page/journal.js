// The latest requests, as the mock tells them.

/**
 * What the admin API calls a Request; `admin.yaml` describes it.
 * @typedef {{
 *   id: number, time: string, duration_ms: number, organization: string | null, may_write: boolean | null,
 *   method: string, path: string, query: string, status: number | null, request: Part, response: Part,
 *   refusal: {line: string, violations: Violation[]} | null, preference: string | null,
 *   faults: {id: string, effect: string}[], curl: string
 * }} Entry
 * @typedef {{headers: Record<string, string>, body: {text: string, bytes: number, note: string | null}}} Part
 * @typedef {{
 *   part: string, field: string | null, rule: string, expected: string, got: string, message: string,
 *   pointer: string | null, contract: string | null
 * }} Violation
 * @typedef {{text: string, method: string, refused: boolean}} Filter
 */

/** The requests that are kept, from the latest to the earliest. */
export class Journal {
  /** @type {Entry[]} */
  entries = [];
  /** @type {Map<number, string>} */
  #texts = new Map();

  /** @param {number} size how many are kept */
  constructor(size) {
    this.size = size;
  }

  /** Take these in place of all. @param {Entry[]} entries from the earliest to the latest */
  replace(entries) {
    this.clear();
    for (const entry of entries) this.add(entry);
  }

  /** Take one more, if it is new. @param {Entry} entry @returns {boolean} whether it is */
  add(entry) {
    const at = this.entries.findIndex((other) => other.id <= entry.id);
    if (this.entries[at]?.id === entry.id) return false;
    this.entries.splice(at < 0 ? this.entries.length : at, 0, entry);
    for (const old of this.entries.splice(this.size)) this.#texts.delete(old.id);
    return true;
  }

  clear() {
    this.entries = [];
    this.#texts.clear();
  }

  /** The methods that there are. */
  get methods() {
    return [...new Set(this.entries.map((entry) => entry.method))].sort();
  }

  /** Those that the filter lets through. @param {Filter} filter */
  matching(filter) {
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    return this.entries.filter(
      (entry) =>
        (!filter.refused || entry.refusal) &&
        (!filter.method || entry.method === filter.method) &&
        (!words.length || words.every((word) => this.#text(entry).includes(word))),
    );
  }

  /** All of it in which one may look for words. @param {Entry} entry */
  #text(entry) {
    let text = this.#texts.get(entry.id);
    if (text === undefined) {
      const { status, method, path, query, organization, refusal, request, response } = entry;
      const faults = entry.faults.map((fault) => `${fault.id} ${fault.effect}`);
      const said = [refusal?.line, request.body.text, response.body.text, ...faults];
      text = [status, method, decoded(path), path, query, organization, ...said].join(" ").toLowerCase();
      this.#texts.set(entry.id, text);
    }
    return text;
  }
}

/** A path for people. @param {string} path percent-encoded */
export function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
