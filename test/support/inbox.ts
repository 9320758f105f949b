// Messages that have come, and those who wait for one: each message goes to the first that it fits.
// Nobody waits for ever, and who has waited in vain is told what did come.

type Waiting<T> = {
  /** Whether this message, or the lack of one, ends the wait. */
  takes(message: T): boolean;
  fail(why: string): void;
};

type Looking = { look(): void; fail(why: string): void };

export class Inbox<T> {
  /** Every one, in order. */
  readonly all: T[] = [];
  readonly #name: string;
  readonly #patience: number;
  readonly #unread: T[] = [];
  readonly #waiting = new Set<Waiting<T>>();
  readonly #looking = new Set<Looking>();
  #ended: string | undefined;

  /** @param patience ms to wait for what should come at once */
  constructor(name: string, patience = 10_000) {
    this.#name = name;
    this.#patience = patience;
  }

  put(message: T): void {
    this.all.push(message);
    for (const waiting of this.#waiting)
      if (waiting.takes(message)) {
        this.#waiting.delete(waiting); // at once, for another message may follow at once
        return;
      }
    this.#unread.push(message);
  }

  /** Let those look again who wait for something to hold. */
  look(): void {
    for (const looking of this.#looking) looking.look();
  }

  /** Nothing more will come. */
  end(why: string): void {
    this.#ended = why;
    for (const { fail } of [...this.#waiting, ...this.#looking]) fail(why);
  }

  /** The next message that fits, and that nobody else has got. */
  next<Fitting extends T>(
    fits: (message: T) => message is Fitting,
    what: string,
  ): Promise<Fitting> {
    const index = this.#unread.findIndex(fits);
    if (index >= 0) return Promise.resolve(this.#unread.splice(index, 1)[0] as Fitting);
    return this.#wait<Fitting, Waiting<T>>(what, this.#waiting, (resolve, fail) => ({
      takes(message) {
        if (!fits(message)) return false;
        resolve(message);
        return true;
      },
      fail,
    }));
  }

  /** Wait until something holds. */
  until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return Promise.resolve();
    return this.#wait<void, Looking>(what, this.#looking, (resolve, fail) => ({
      look() {
        if (holds()) resolve();
      },
      fail,
    }));
  }

  #wait<Outcome, Entry>(
    what: string,
    among: Set<Entry>,
    enter: (resolve: (outcome: Outcome) => void, fail: (why: string) => void) => NoInfer<Entry>,
  ): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const fail = (why: string): void => {
      const last = this.all.slice(-20).map((message) => JSON.stringify(message).slice(0, 300));
      const came = `${this.all.length} came, at last:\n  ${last.join("\n  ")}`;
      reject(new Error(`${this.#name} waited for ${what}: ${why}; ${came}`));
    };
    const entry = enter(resolve, fail);
    among.add(entry);
    const timer = setTimeout(() => fail(`nothing in ${this.#patience} ms`), this.#patience);
    if (this.#ended !== undefined) fail(this.#ended);
    const done = promise.finally(() => {
      clearTimeout(timer);
      among.delete(entry);
    });
    // A wait that the test has given up is nobody's error.
    done.catch(() => {});
    return done;
  }
}
