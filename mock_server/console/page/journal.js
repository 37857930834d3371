// A copy of the journal of the mock.

/**
 * A Request of the admin API, described in `admin.yaml`.
 * @typedef {{
 *   id: number, time: string, duration_ms: number, organization: string | null, may_write: boolean | null,
 *   method: string, path: string, query: string, status: number | null, request: Message, response: Message,
 *   rejection: {line: string, errors: ValidationError[]} | null, preference: string | null,
 *   faults: {id: string, effect: string}[], curl: string
 * }} Entry
 * @typedef {{headers: Record<string, string>, body: {text: string, bytes: number, note: string | null}}} Message
 * @typedef {{
 *   part: string, field: string | null, rule: string, expected: string, got: string, message: string,
 *   pointer: string | null, contract: string | null
 * }} ValidationError
 * @typedef {{text: string, method: string, rejected: boolean}} Filter
 */

/** The latest requests, newest first. */
export class Journal {
  /** @type {Entry[]} */
  entries = [];
  /** @type {Map<number, string>} */
  #texts = new Map();

  /** @param {number} size the maximum number of requests */
  constructor(size) {
    this.size = size;
  }

  /** Replace all entries. @param {Entry[]} entries oldest first */
  replace(entries) {
    this.clear();
    for (const entry of entries) this.add(entry);
  }

  /** Add an entry if it is new. @param {Entry} entry @returns {boolean} whether it was new */
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

  /** The methods of all entries. */
  get methods() {
    return [...new Set(this.entries.map((entry) => entry.method))].sort();
  }

  /** The entries that match a filter. @param {Filter} filter */
  matching(filter) {
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    return this.entries.filter(
      (entry) =>
        (!filter.rejected || entry.rejection) &&
        (!filter.method || entry.method === filter.method) &&
        (!words.length || words.every((word) => this.#text(entry).includes(word))),
    );
  }

  /** The text of an entry that the filter searches. @param {Entry} entry */
  #text(entry) {
    let text = this.#texts.get(entry.id);
    if (text === undefined) {
      const { status, method, path, query, organization, rejection, request, response } = entry;
      const faults = entry.faults.map((fault) => `${fault.id} ${fault.effect}`);
      const texts = [rejection?.line, request.body.text, response.body.text, ...faults];
      text = [status, method, decoded(path), path, query, organization, ...texts].join(" ").toLowerCase();
      this.#texts.set(entry.id, text);
    }
    return text;
  }
}

/** A path without percent-encoding. @param {string} path percent-encoded */
export function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
