// Keeps something that the mock has up to date here.

const SOONEST = 1_000;
const SHARE = 20; // loading takes at most this part of the time, so that a mock under load is left alone

/**
 * A copy. `load` fetches all of it, `put` takes what was fetched, `apply` takes one event.
 *
 * What was fetched may be older or newer than an event that came while it was on its way. Events that came meanwhile are
 * applied after it: those that it has in it already change nothing, and the last of them is the latest.
 * @template Whole
 */
export class Replica {
  #loading = false;
  #again = false;
  #more = false;
  /** @type {any[]} */
  #meanwhile = [];
  /** @type {number | undefined} */
  #timer;
  #next = 0;

  /**
   * @param {() => Promise<Whole>} load
   * @param {(whole: Whole) => void} put
   * @param {(told: any) => void} apply
   * @param {(error: any) => void} fail
   */
  constructor(load, put, apply, fail) {
    this.load = load;
    this.put = put;
    this.apply = apply;
    this.fail = fail;
  }

  /** Take an event. @param {any} told */
  take(told) {
    if (this.#loading) this.#meanwhile.push(told);
    else this.apply(told);
  }

  /** Load all of it as soon as that is no burden. */
  reloadSoon() {
    if (this.#timer !== undefined) {
      this.#more = true; // what is meant may come to pass after that load only
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

  /** Load all of it. */
  async reload() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
    this.#next = performance.now() + SHARE * (performance.now() - began);
    this.#loading = false;
    for (const told of this.#meanwhile.splice(0)) this.apply(told);
    if (this.#again) {
      this.#again = false;
      this.reload();
    }
  }
}
