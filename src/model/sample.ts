// Chooses the sample of people that a large room shows to everyone (rule N1): up to 32 people, those who moved or wrote
// most recently. They keep their place for 5 s after that, because a sample that changed as fast as people move would be
// unreadable. Times are epoch ms.

/** The maximum number of people in a sample. */
export const maxSample = 32;

/** ms that a person must be inactive before another takes their place. */
export const stillTime = 5000;

export class Sample {
  /** The people in the sample and the candidates, with their last activity; candidates are in that order. */
  readonly #chosen = new Map<string, number>();
  readonly #candidates = new Map<string, number>();

  /** Record that a user has moved or written. */
  markMoved(userId: string, now: number): void {
    if (this.#chosen.has(userId)) {
      this.#chosen.set(userId, now);
      return;
    }
    this.#candidates.delete(userId);
    this.#candidates.set(userId, now);
    if (this.#candidates.size <= maxSample) return;
    const [oldest] = this.#candidates.keys();
    if (oldest !== undefined) this.#candidates.delete(oldest);
  }

  has(userId: string): boolean {
    return this.#chosen.has(userId);
  }

  /** Whether anyone is waiting for a place. */
  get hasCandidates(): boolean {
    return this.#candidates.size > 0;
  }

  /**
   * Choose a new sample. Candidates who get no place must move again to become candidates.
   * @param isShown whether a user can be in the sample at all
   * @returns the new sample
   */
  choose(now: number, isShown: (userId: string) => boolean): readonly string[] {
    for (const ids of [this.#chosen, this.#candidates])
      for (const userId of ids.keys()) if (!isShown(userId)) ids.delete(userId);
    // The person who has been inactive longest is replaced first.
    const still = [...this.#chosen]
      .filter(([, at]) => at <= now - stillTime)
      .toSorted(([, a], [, b]) => a - b);
    for (const [userId, at] of [...this.#candidates].toReversed()) {
      if (this.#chosen.size >= maxSample) {
        const [place] = still;
        if (place === undefined || place[1] >= at) break;
        still.shift();
        this.#chosen.delete(place[0]);
      }
      this.#chosen.set(userId, at);
    }
    this.#candidates.clear();
    return [...this.#chosen.keys()];
  }
}
