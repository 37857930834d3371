// Keeps a copy of data of the mock up to date.

const SOONEST = 1_000;
const SHARE = 20; // waits this many times as long as the load took, to spare a busy mock
const LATEST = 10_000; // but not longer than this: the page would look as if the mock had stopped

/**
 * A copy of data. `load` fetches all of it, `put` stores the result, `apply` applies one event.
 *
 * The result may be older or newer than an event that arrives during the load. Such events are applied after it: those
 * that it already includes change nothing, and the last one is the latest state.
 * @template Whole
 */
export class Replica {
  #loading = false;
  #held = false;
  #again = false;
  #more = false;
  /** @type {any[]} */
  #pending = [];
  /** @type {number | undefined} */
  #timer;
  #next = 0;

  /**
   * @param {() => Promise<Whole>} load
   * @param {(whole: Whole) => void} put
   * @param {(event: any) => void} apply
   * @param {(error: any) => void} fail
   */
  constructor(load, put, apply, fail) {
    this.load = load;
    this.put = put;
    this.apply = apply;
    this.fail = fail;
  }

  /** Apply an event, or queue it during a load. @param {any} event */
  take(event) {
    this.#pending.push(event);
    this.#applyPending();
  }

  #applyPending() {
    if (this.#loading || this.#held) return;
    for (const event of this.#pending.splice(0)) this.apply(event);
  }

  /** Queue events: the copy is of an earlier run of the mock until the next load. */
  hold() {
    this.#held = true;
  }

  /** Apply the queued events to the copy as it is: there is no load now. */
  release() {
    this.#held = false;
    this.#applyPending();
  }

  /** Load everything soon, but not too often. */
  reloadSoon() {
    if (this.#timer !== undefined) {
      this.#more = true; // the change may happen only after that load
      return;
    }
    this.#timer = setTimeout(() => this.#reloadAndMore(), Math.max(SOONEST, this.#next - performance.now()));
  }

  #reloadAndMore() {
    this.reload();
    if (this.#more) {
      this.#more = false;
      this.reloadSoon();
    }
  }

  /** Load everything. */
  async reload() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held = false;
    if (this.#loading) {
      this.#again = true;
      return;
    }
    this.#loading = true;
    const began = performance.now();
    try {
      this.put(await this.load());
    } catch (error) {
      this.fail(error);
    }
    this.#next = performance.now() + Math.min(SHARE * (performance.now() - began), LATEST);
    this.#loading = false;
    if (this.#again) {
      this.#again = false;
      this.reload();
    } else this.#applyPending();
  }
}
