/**
 * What came of a request. `kind` is one of
 *   done         2xx: `body` is the model
 *   refused      another status: `fields` has the messages of a 400 by field, `detail` the reason where there is one
 *   unreadable   2xx, and no model
 *   unreachable  no answer, or one that a page may not read
 *   late         no whole answer in time
 *   cancelled    whoever asked did not want to wait
 * @typedef {{kind: string, status?: number, body?: object, fields?: Record<string, string[]>, detail?: string,
 *   retryAfter?: number}} Outcome
 */

/** The models of one organization, through one API key. */
export class Models {
  /** @param {{url: string, key: string, timeout: number}} connection  `timeout` in milliseconds, for the whole answer */
  constructor({ url, key, timeout }) {
    this.url = `${url.replace(/\/+$/, "")}/api/models/`;
    this.key = key;
    this.timeout = timeout;
  }

  /** @returns {Promise<Outcome>} */
  read(name, signal) {
    return this.#ask(`${this.url}${name.split("/").map(encodeURIComponent).join("/")}/`, { signal });
  }

  /** Creates the model of this `model_name` (201), or changes of it what `fields` has (200). @returns {Promise<Outcome>} */
  save(fields, signal) {
    return this.#ask(this.url, { method: "POST", body: JSON.stringify(fields), signal });
  }

  async #ask(url, { signal, ...request }) {
    const headers = { Authorization: `Bearer ${this.key}`, ...(request.body && { "Content-Type": "application/json" }) };
    const ended = AbortSignal.any([signal, AbortSignal.timeout(this.timeout)]);
    let response;
    try {
      response = await fetch(url, { ...request, headers, signal: ended });
      return outcome(response, await response.json()); // the body, too, may come late, or not whole
    } catch {
      if (signal.aborted) return { kind: "cancelled" };
      if (ended.aborted) return { kind: "late" };
      return response ? outcome(response, null) : { kind: "unreachable" };
    }
  }
}

function outcome({ ok, status, headers }, body) {
  if (ok) return body?.model_name === undefined ? { kind: "unreadable", status } : { kind: "done", status, body };
  const fields = Object.entries(body ?? {}).filter(([, messages]) => Array.isArray(messages));
  return {
    kind: "refused",
    status,
    fields: Object.fromEntries(fields),
    detail: typeof body?.detail === "string" ? body.detail : "",
    retryAfter: seconds(headers.get("Retry-After")),
  };
}

/** Retry-After is a number of seconds or a date. */
function seconds(text) {
  if (!text) return undefined;
  const left = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(left) ? undefined : Math.max(0, Math.ceil(left));
}
