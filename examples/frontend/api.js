/**
 * The outcome of a request. `kind` is one of
 *   done         2xx: `body` is the model
 *   rejected     another status: `fields` has the messages of a 400 by field, `detail` the reason if there is one
 *   unreadable   2xx without a model
 *   unreachable  no response, or one that the page may not read
 *   late         no complete response in time
 *   cancelled    the user stopped waiting
 * @typedef {{kind: string, status?: number, body?: object, fields?: Record<string, string[]>, detail?: string,
 *   retryAfter?: number}} Outcome
 */

/** The models of one organization, through one API key. */
export class Models {
  /** @param {{url: string, key: string, timeout: number}} connection  `timeout` in milliseconds, for the whole response */
  constructor({ url, key, timeout }) {
    this.url = `${url.replace(/\/+$/, "")}/api/models/`;
    this.key = key;
    this.timeout = timeout;
  }

  /** @returns {Promise<Outcome>} */
  read(name, signal) {
    return this.#send(`${this.url}${name.split("/").map(encodeURIComponent).join("/")}/`, { signal });
  }

  /** Creates the model with this `model_name` (201), or updates the given fields (200). @returns {Promise<Outcome>} */
  save(fields, signal) {
    return this.#send(this.url, { method: "POST", body: JSON.stringify(fields), signal });
  }

  async #send(url, { signal, ...request }) {
    const headers = { Authorization: `Bearer ${this.key}`, ...(request.body && { "Content-Type": "application/json" }) };
    const ended = AbortSignal.any([signal, AbortSignal.timeout(this.timeout)]);
    let response;
    try {
      response = await fetch(url, { ...request, headers, signal: ended });
      return outcome(response, await response.json()); // the body may be late or incomplete too
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
    kind: "rejected",
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
