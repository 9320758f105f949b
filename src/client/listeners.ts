// Listeners by the name of an event. One that throws does not keep the others from being called: its error is reported
// as an uncaught one.

export class Listeners<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();
  readonly #report: (error: unknown) => void;

  /** @param report gets what a listener throws */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Listen. @returns a function that ends it */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    // Each ends by itself, even if the same function listens twice.
    const own = (event: Events[Name]): void => listener(event);
    const known = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, known.add(own));
    return () => void known.delete(own);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of Array.from(this.#listeners.get(name) ?? []))
      try {
        listener(event as never);
      } catch (error) {
        this.#report(error);
      }
  }
}
