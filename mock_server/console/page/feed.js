// Reads the event stream of the mock, and reconnects after every break.

/** @typedef {{id: string, event: string, data: any}} MockEvent */
/** @typedef {"connecting" | "live" | "lost" | "token" | "rejected"} Connection */

const PACE = 20;
const SILENCE = 40_000; // the mock sends at least a comment every 15 seconds
const LONGEST_WAIT = 5_000;
const HIDDEN_FOR = 60_000; // a hidden page frees its connection: browsers open only six to a server

/** The event stream, read with fetch, since EventSource cannot send a token. */
export class Feed {
  /** @type {AbortController | null} */
  #reading = null;
  #last = "";
  #run = "";
  #failures = 0;
  /** @type {number | undefined} */
  #timer;
  #asleep = false;

  /**
   * @param {import("./api.js").Api} api
   * @param {{event: (event: MockEvent) => void, reload: () => void, state: (state: Connection, error?: any) => void}} handlers
   *   `reload` is called when events were missed, so that everything must be loaded again.
   */
  constructor(api, handlers) {
    this.api = api;
    this.handlers = handlers;
    document.addEventListener("visibilitychange", () => this.#watchVisibility());
    addEventListener("online", () => this.#retryNow());
  }

  /** Connect, or reconnect. */
  start() {
    clearTimeout(this.#timer);
    this.#reading?.abort();
    this.#read(new AbortController());
  }

  /** @param {AbortController} reading */
  async #read(reading) {
    this.#reading = reading;
    try {
      const headers = this.#last ? { "Last-Event-ID": this.#last } : undefined;
      const response = await this.api.open("GET", `events?pace=${PACE}`, undefined, headers, reading.signal);
      await this.#listen(/** @type {ReadableStream<BufferSource>} */ (response.body), reading);
      throw new TypeError("the stream has ended");
    } catch (error) {
      if (this.#reading === reading && !this.#asleep) this.#onFailure(/** @type {any} */ (error));
    }
  }

  /** @param {ReadableStream<BufferSource>} body @param {AbortController} reading */
  async #listen(body, reading) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const silence = setTimeout(() => reading.abort(), SILENCE);
      const { value, done } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      const blocks = (text + value).split("\n\n");
      text = /** @type {string} */ (blocks.pop());
      for (const block of blocks) this.#receive(block);
    }
  }

  /** @param {string} block */
  #receive(block) {
    const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
    if (!fields.event) return; // a comment
    const data = JSON.parse(fields.data);
    if (fields.event === "hello") this.#onHello(data);
    else {
      this.#last = fields.id;
      this.handlers.event({ id: fields.id, event: fields.event, data });
    }
  }

  /** @param {{complete: boolean, latest: number, run: string}} hello */
  #onHello(hello) {
    const complete = hello.complete && hello.run === this.#run;
    this.#run = hello.run;
    this.#failures = 0;
    if (!complete) this.#last = String(hello.latest);
    this.handlers.state("live");
    if (!complete) this.handlers.reload();
  }

  /** @param {any} error */
  #onFailure(error) {
    if (error.status === 401) return this.handlers.state("token", error);
    this.handlers.state("status" in error ? "rejected" : "lost", error);
    this.#timer = setTimeout(() => this.start(), Math.min(500 * 2 ** this.#failures++, LONGEST_WAIT));
  }

  #retryNow() {
    if (this.#failures) this.start();
  }

  #watchVisibility() {
    clearTimeout(this.#timer);
    if (document.hidden) this.#timer = setTimeout(() => this.#sleep(), HIDDEN_FOR);
    else if (this.#asleep || this.#failures) {
      this.#asleep = false;
      this.start();
    }
  }

  #sleep() {
    this.#asleep = true;
    this.#reading?.abort();
  }
}
