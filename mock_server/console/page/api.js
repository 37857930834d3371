// Asks the admin API.

/** What the admin API says when it does not do what was asked. */
export class RefusedError extends Error {
  /** @param {number} status @param {unknown} body */
  constructor(status, body) {
    super(reason(body) || `The mock answered ${status}.`);
    this.status = status;
  }
}

const KEPT = "respan-mock admin token";

/** The admin API of the mock that this page is from. */
export class Api {
  constructor() {
    this.token = sessionStorage.getItem(KEPT);
  }

  /** Use a token, as long as this tab is open. @param {string} token */
  authorize(token) {
    this.token = token;
    sessionStorage.setItem(KEPT, token);
  }

  /**
   * The answer to a request, read as JSON; null where it has no body. Throws RefusedError, or TypeError where the mock
   * cannot be reached.
   * @param {string} method
   * @param {string} path below `/_mock/`
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async ask(method, path, body) {
    const answer = await this.open(method, path, body);
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
  }

  /**
   * The answer, before its body is there.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @param {AbortSignal} [signal]
   */
  async open(method, path, body, headers = {}, signal) {
    const given = new Headers(headers);
    if (this.token) given.set("Authorization", `Bearer ${encodable(this.token)}`);
    if (body !== undefined) given.set("Content-Type", "application/json");
    const sent = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`_mock/${path}`, {
      method,
      headers: given,
      body: sent,
      signal: signal ?? null,
      cache: "no-store",
    });
    if (!answer.ok) throw new RefusedError(answer.status, await answer.json().catch(() => null));
    return answer;
  }
}

/** A token as a header can carry it; one that cannot be sent is none that the mock has. @param {string} token */
function encodable(token) {
  return /^[\x20-\xff]*$/.test(token) ? token : "";
}

/** @param {unknown} body */
function reason(body) {
  if (!body || typeof body !== "object") return "";
  return Object.entries(body)
    .map(([field, said]) => (field === "detail" ? said : `${field}: ${[said].flat().join(" ")}`))
    .join(" ");
}
