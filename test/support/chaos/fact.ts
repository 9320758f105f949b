// What is known of a thing that requests change, by one who only sees their answers.

export class Fact<T> {
  #value: T | null;
  #turn = 0;
  #underWay = 0;

  constructor(value: T) {
    this.#value = value;
  }

  /** `null` while it is uncertain. */
  get value(): T | null {
    return this.#value;
  }

  /** It was looked at, while no request for it was under way. */
  set(value: T): void {
    this.#value = value;
  }

  /**
   * A request for it is under way. It is uncertain until an answer has come, and also then if another request was
   * under way at the same time: nobody knows which was carried out first.
   * @param outcome what it is after the request; `null` if no answer has come
   */
  async follow(outcome: Promise<T | null>): Promise<void> {
    const wasAlone = this.#underWay === 0;
    const turn = ++this.#turn;
    this.#underWay++;
    this.#value = null;
    const value = await outcome;
    this.#underWay--;
    if (wasAlone && turn === this.#turn) this.#value = value;
  }
}
