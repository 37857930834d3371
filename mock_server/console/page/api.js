// A client of the admin API.

/** An error response of the admin API. */
export class RejectedError extends Error {
  /** @param {number} status @param {unknown} body */
  constructor(status, body) {
    super(reason(body) || `The mock responded with status ${status}.`);
    this.status = status;
  }
}

const STORAGE_KEY = "respan-mock admin token";

/** The admin API of the mock that serves this page. */
export class Api {
  constructor() {
    this.token = sessionStorage.getItem(STORAGE_KEY);
  }

  /** Use a token until this tab is closed. @param {string} token */
  authorize(token) {
    this.token = token;
    sessionStorage.setItem(STORAGE_KEY, token);
  }

  /**
   * Send a request and return the JSON of its response, or null if it has no body. Throws RejectedError, or TypeError if
   * the mock cannot be reached.
   * @param {string} method
   * @param {string} path below `/_mock/`
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async request(method, path, body) {
    const response = await this.open(method, path, body);
    const text = await response.text();
    return text ? JSON.parse(text) : null;
  }

  /**
   * Send a request and return its response before the body has arrived.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @param {AbortSignal} [signal]
   */
  async open(method, path, body, headers = {}, signal) {
    const allHeaders = new Headers(headers);
    if (this.token) allHeaders.set("Authorization", `Bearer ${encodable(this.token)}`);
    if (body !== undefined) allHeaders.set("Content-Type", "application/json");
    const sent = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`_mock/${path}`, {
      method,
      headers: allHeaders,
      body: sent,
      signal: signal ?? null,
      cache: "no-store",
    });
    if (!response.ok) throw new RejectedError(response.status, await response.json().catch(() => null));
    return response;
  }
}

/** A token that a header can contain, or an empty one, which is also wrong. @param {string} token */
function encodable(token) {
  return /^[\x20-\xff]*$/.test(token) ? token : "";
}

/** @param {unknown} body */
function reason(body) {
  if (!body || typeof body !== "object") return "";
  return Object.entries(body)
    .map(([field, messages]) => (field === "detail" ? messages : `${field}: ${[messages].flat().join(" ")}`))
    .join(" ");
}
