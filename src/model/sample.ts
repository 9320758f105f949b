// Who is in the sample that a large room shows everybody (rule N1): up to 32 people, those who have moved or
// written last. Somebody in it keeps their place for 5 s after that, because a sample that changes as fast as
// people move could not be looked at. Times are epoch ms.

/** The most people in a sample. */
export const maxSample = 32;

/** ms that somebody has to be still before another takes their place. */
export const stillTime = 5000;

export class Sample {
  /** Those in the sample, and those who would like to be, by when they were last active; candidates in that order. */
  readonly #chosen = new Map<string, number>();
  readonly #candidates = new Map<string, number>();

  /** A user has moved or written. */
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

  /** Whether somebody waits for a place. */
  get hasCandidates(): boolean {
    return this.#candidates.size > 0;
  }

  /**
   * Choose anew. Candidates who get no place have to move again.
   * @param isShown whether somebody can be in the sample at all
   * @returns who is in it from now on
   */
  choose(now: number, isShown: (userId: string) => boolean): readonly string[] {
    for (const ids of [this.#chosen, this.#candidates])
      for (const userId of ids.keys()) if (!isShown(userId)) ids.delete(userId);
    // The one who has been still for longest gives way first.
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
