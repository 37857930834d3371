// Reads the events of the mock, and comes back after every break.

/** @typedef {{id: string, event: string, data: any}} Told */
/** @typedef {"connecting" | "live" | "lost" | "token" | "refused"} Connection */

const PACE = 20;
const SILENCE = 40_000; // the mock says something every 15 seconds
const LONGEST_WAIT = 5_000;
const HIDDEN_FOR = 60_000; // a page that nobody looks at leaves its connection to others, for browsers have but six

/** The stream of events. It is read with fetch, for an EventSource cannot send a token. */
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
   * @param {{event: (told: Told) => void, anew: () => void, state: (state: Connection, error?: any) => void}} tell
   *   `anew` asks for everything to be loaded anew, for events are missing.
   */
  constructor(api, tell) {
    this.api = api;
    this.tell = tell;
    document.addEventListener("visibilitychange", () => this.#watchVisibility());
    addEventListener("online", () => this.#retryNow());
  }

  /** Begin, or begin anew. */
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
      const answer = await this.api.open("GET", `events?pace=${PACE}`, undefined, headers, reading.signal);
      await this.#listen(/** @type {ReadableStream<BufferSource>} */ (answer.body), reading);
      throw new TypeError("the stream has ended");
    } catch (error) {
      if (this.#reading === reading && !this.#asleep) this.#lose(/** @type {any} */ (error));
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
      for (const block of blocks) this.#hear(block);
    }
  }

  /** @param {string} block */
  #hear(block) {
    const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
    if (!fields.event) return; // a comment
    const data = JSON.parse(fields.data);
    if (fields.event === "hello") this.#greeted(data);
    else {
      this.#last = fields.id;
      this.tell.event({ id: fields.id, event: fields.event, data });
    }
  }

  /** @param {{complete: boolean, latest: number, run: string}} hello */
  #greeted(hello) {
    const complete = hello.complete && hello.run === this.#run;
    this.#run = hello.run;
    this.#failures = 0;
    if (!complete) this.#last = String(hello.latest);
    this.tell.state("live");
    if (!complete) this.tell.anew();
  }

  /** @param {any} error */
  #lose(error) {
    if (error.status === 401) return this.tell.state("token", error);
    this.tell.state("status" in error ? "refused" : "lost", error);
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
