// The line between a user and the room: how long it takes, and whether it is cut. A wire is one connection over it: what
// is sent arrives in order in each direction, or not at all.

import type { VirtualClock } from "./clock.ts";
import type { Randomness } from "./randomness.ts";

/** ms each way, and how much more it may be by chance. */
export type Lag = { readonly ms: number; readonly jitter?: number | undefined };

/** `cut`: both ends know. `silent`: nothing arrives, and nobody is told. */
type LineState = "up" | "cut" | "silent";

type LineOptions = {
  /** Of the user. */
  readonly name: string;
  readonly clock: VirtualClock;
  readonly randomness: Randomness;
  readonly lag: Lag;
};

export class Line {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly #randomness: Randomness;
  readonly #wires = new Set<Wire>();
  lag: Lag;
  #state: LineState = "up";

  constructor({ name, clock, randomness, lag }: LineOptions) {
    this.name = name;
    this.clock = clock;
    this.#randomness = randomness;
    this.lag = lag;
  }

  get state(): LineState {
    return this.#state;
  }

  /** ms for what is sent now. */
  get delay(): number {
    const { ms, jitter = 0 } = this.lag;
    return jitter === 0 ? ms : ms + Math.round(this.#randomness.next() * jitter);
  }

  /** A connection is opened. */
  add(wire: Wire): void {
    this.#wires.add(wire);
  }

  /** A connection is over. */
  remove(wire: Wire): void {
    this.#wires.delete(wire);
  }

  /** Cut it: what is on its way is lost. */
  cut(state: "cut" | "silent"): void {
    this.#state = state;
    for (const wire of this.#wires) wire.cut();
    if (state === "cut") this.#tell();
  }

  /** Let new connections through. Those from before do not come back: by now, both ends know. */
  restore(): void {
    if (this.#state === "silent") this.#tell();
    this.#state = "up";
  }

  #tell(): void {
    for (const wire of this.#wires) wire.break();
  }
}

/** Reports to the ends of a wire that the connection is gone, without a close frame. */
export type WireEnd = { broken(): void };

type Direction = "toRoom" | "toClient";

export class Wire {
  readonly #line: Line;
  readonly #lastAt: Record<Direction, number> = { toRoom: 0, toClient: 0 };
  readonly #ends: WireEnd[] = [];
  #isCut: boolean;
  #isBroken = false;
  #closedEnds = 0;

  constructor(line: Line) {
    this.#line = line;
    this.#isCut = line.state === "silent";
    line.add(this);
    // A caller without a connection gets an error after a while.
    if (line.state === "cut") this.break(line.delay);
  }

  /** Name an end that is to be told when the connection is gone. */
  attach(end: WireEnd): void {
    this.#ends.push(end);
    if (this.#isBroken) this.#tell(0);
  }

  /** Send something. @param what names it */
  send(direction: Direction, what: string, arrive: () => void): void {
    if (this.#isCut || this.#isBroken) return;
    const { clock, delay, name } = this.#line;
    const at = Math.max(clock.now() + delay, this.#lastAt[direction]);
    this.#lastAt[direction] = at;
    clock.plan(at - clock.now(), {
      what: `${what} on its way ${direction === "toRoom" ? "from" : "to"} ${name}`,
      isUnderWay: () => !this.#isCut,
      run: () => {
        if (!this.#isCut) arrive();
      },
    });
  }

  /** From here on nothing arrives, and nobody is told. */
  cut(): void {
    this.#isCut = true;
  }

  /** The connection breaks: both ends are told. */
  break(ms = 0): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#isCut = true;
    this.#tell(ms);
  }

  #tell(ms: number): void {
    this.#line.clock.plan(ms, {
      what: `the end of a connection of ${this.#line.name}`,
      isUnderWay: () => true,
      run: () => {
        this.#line.remove(this);
        for (const end of this.#ends) end.broken();
      },
    });
  }

  /** An end has closed. When both have, nothing is left to cut. */
  endClosed(): void {
    if (++this.#closedEnds === 2) this.#line.remove(this);
  }
}
