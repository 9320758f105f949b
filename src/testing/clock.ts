// The one clock of a net, and everything that is going to happen by it, in order of time and then as it was asked for.
// It runs nothing by itself: the runner takes one event after another.

type Happening = {
  /** A name, for error messages about work that is still running. */
  readonly what: string;
  /** Whether somebody waits for it now; a far deadline is only waited for if time is told to pass. */
  isUnderWay(): boolean;
  run(): void;
};

type PlannedHappening = Happening & {
  /** Epoch ms. */
  readonly at: number;
};

export class VirtualClock {
  #now: number;
  /** The next one last. */
  #planned: PlannedHappening[] = [];
  #added = 0;
  #isStopped = false;

  /** @param startAt epoch ms */
  constructor(startAt: number) {
    this.#now = Math.floor(startAt);
  }

  /** Epoch ms. */
  readonly now = (): number => this.#now;

  /** Whether nothing happens any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** How many were ever planned. */
  get added(): number {
    return this.#added;
  }

  /** Plan something in so many ms. @returns a function that cancels it */
  plan(ms: number, happening: Happening): () => void {
    if (this.#isStopped) return () => {};
    const planned: PlannedHappening = Object.assign(happening, {
      at: this.#now + (ms > 0 ? Math.ceil(ms) : 0), // not a number counts as now, as with timers
    });
    this.#planned.splice(this.#placeFor(planned.at), 0, planned);
    this.#added++;
    return () => {
      const place = this.#planned.lastIndexOf(planned);
      if (place >= 0) this.#planned.splice(place, 1);
    };
  }

  /** Behind all that come later, and before all of the same time, which were asked for first. */
  #placeFor(at: number): number {
    let low = 0;
    let high = this.#planned.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#planned[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether anything is to happen now. */
  get isDue(): boolean {
    return (this.#planned.at(-1)?.at ?? Infinity) <= this.#now;
  }

  /** Whether anything is under way. */
  get hasUnderWay(): boolean {
    return this.#planned.findLast((happening) => happening.isUnderWay()) !== undefined;
  }

  /** The planned happenings, in order. */
  get underWay(): readonly PlannedHappening[] {
    return this.#planned.filter((happening) => happening.isUnderWay()).toReversed();
  }

  /** Take what comes next, if it does by this time (epoch ms), and let time move on to it. */
  next(until = Infinity): PlannedHappening | null {
    const next = this.#planned.at(-1);
    if (next === undefined || next.at > until) return null;
    this.#planned.pop();
    this.#now = Math.max(this.#now, next.at);
    return next;
  }

  /** Let time move on to this (epoch ms). Nothing may be planned before. */
  reach(at: number): void {
    this.#now = Math.max(this.#now, at);
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#planned = [];
    this.#isStopped = true;
  }
}
