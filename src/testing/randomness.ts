// Random numbers that a seed determines, so that a run can be repeated. Each user of them has a stream of its own: what
// one draws does not change what another one gets. Not for secrets.

export class Randomness {
  #state: number;

  /** @param name of the stream */
  constructor(seed: number, name: string) {
    // FNV-1a: neighbouring seeds and names make streams that have nothing in common.
    this.#state = 0x811c9dc5;
    for (const unit of `${seed}/${name}`)
      this.#state = Math.imul(this.#state ^ (unit.codePointAt(0) ?? 0), 0x01000193);
  }

  /** From 0 to 1, without 1. */
  readonly next = (): number => this.#draw() / 2 ** 32;

  /** A UUID of version 4. */
  readonly newId = (): string => {
    const digits = Array.from({ length: 4 }, () => this.#draw().toString(16).padStart(8, "0"))
      .join("")
      .split("");
    digits[12] = "4";
    digits[16] = ((Number.parseInt(digits[16] ?? "0", 16) & 3) | 8).toString(16);
    const text = digits.join("");
    return [
      text.slice(0, 8),
      text.slice(8, 12),
      text.slice(12, 16),
      text.slice(16, 20),
      text.slice(20),
    ].join("-");
  };

  /** 32 random bits: the generator mulberry32, which is small and good enough for delays and names. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (bits ^ (bits >>> 14)) >>> 0;
  }
}
