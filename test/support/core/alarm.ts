// An object's alarm. It rings in real time: tests move only Date, and an alarm that they have set by it lies
// in the real future.

/** The longest delay that a timer takes. */
const maxDelay = 2 ** 31 - 1;

const realNow = (): number => performance.timeOrigin + performance.now();

export class TestAlarm {
  readonly #ring: () => void;
  #at: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isDisabled = false;

  /** @param ring called when the time has come; by then no alarm is set */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Epoch ms, `null` for none. */
  get at(): number | null {
    return this.#at;
  }

  /**
   * Let it ring at this time instead. A time that has passed counts as now.
   * @throws RangeError for a time that the platform refuses
   */
  set(at: number): void {
    if (!(at > 0 && at <= Date.UTC(2189, 0))) throw new RangeError(`no alarm can ring at ${at}`);
    this.restore(Math.max(at, Math.ceil(realNow())));
  }

  clear(): void {
    this.restore(null);
  }

  /** Set what `at` was before, as a write that is rolled back does. */
  restore(at: number | null): void {
    clearTimeout(this.#timer);
    this.#at = at;
    if (at !== null) this.#arm(at);
  }

  /** Never ring again, whatever it is set to. */
  disable(): void {
    this.#isDisabled = true;
    this.clear();
  }

  #arm(at: number): void {
    if (this.#isDisabled) return;
    this.#timer = setTimeout(
      () => {
        if (realNow() < at) return this.#arm(at);
        this.#at = null;
        this.#ring();
      },
      Math.min(Math.max(0, at - realNow()), maxDelay),
    ).unref();
  }
}
