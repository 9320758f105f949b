// Writes of an object that fail on purpose. Reads succeed, and so does whatever a test runs in the storage itself.

const isWrite = (query: string): boolean =>
  /^\s*(insert|update|delete|create|alter)\b/i.test(query);

/** What SQLite says when there is no room left, as the platform throws it. */
const fullText = "secret: database or disk is full: SQLITE_FULL";

export class WriteFaults {
  #left = Infinity;
  #isFull = false;
  #count = 0;
  #hasStruck = false;

  /** How many writes were tried so far. */
  get count(): number {
    return this.#count;
  }

  /** Whether the write that was to fail has failed. */
  get hasStruck(): boolean {
    return this.#hasStruck;
  }

  /** Let one write fail: the one after so many more. */
  failAfter(writes: number): void {
    this.#left = writes;
    this.#hasStruck = false;
  }

  /** Let every write fail from here on. */
  fill(): void {
    this.#isFull = true;
  }

  /** Let every write succeed from here on. */
  free(): void {
    this.#isFull = false;
    this.#left = Infinity;
  }

  /** @throws Error if this query is a write that is to fail */
  check(query: string): void {
    if (!isWrite(query)) return;
    this.#count++;
    if (this.#isFull) throw new Error(fullText);
    if (this.#left-- > 0) return;
    this.#left = Infinity;
    this.#hasStruck = true;
    throw new Error("secret: disk I/O error: SQLITE_IOERR_WRITE");
  }
}
