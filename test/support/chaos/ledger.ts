// The books of one room, kept from outside: what it was asked, what it has acknowledged, and which epochs and
// versions it has shown. Each request puts one mark into the room's log, and makes one version.

export type Mark = string;

/** What a room holds. */
export type Holdings = {
  readonly epoch: string;
  readonly version: number;
  readonly log: readonly Mark[];
};

/** How the books and the room disagree. */
export type Audit = {
  /** Marks that were acknowledged, and are gone. */
  readonly lost: readonly Mark[];
  /** Marks that are there more than once. */
  readonly doubled: readonly Mark[];
  /** Everything that is wrong, these included, as sentences. */
  readonly wrong: readonly string[];
};

export class RoomLedger {
  readonly #room: string;
  readonly #asked = new Set<Mark>();
  readonly #refused = new Set<Mark>();
  /** By epoch. */
  readonly #acknowledged = new Map<string, Set<Mark>>();
  /** By epoch. */
  readonly #highest = new Map<string, number>();
  readonly #ended = new Set<string>();
  readonly #shown: (Holdings & { readonly to: string })[] = [];
  #purges = 0;

  constructor(room: string) {
    this.#room = room;
  }

  /** A request is on its way. It may be sent again. */
  ask(mark: Mark): void {
    this.#asked.add(mark);
  }

  acknowledge(mark: Mark, epoch: string, version: number): void {
    this.show(epoch, version);
    const marks = this.#acknowledged.get(epoch) ?? new Set();
    this.#acknowledged.set(epoch, marks.add(mark));
  }

  /** The room has refused it for good. */
  refuse(mark: Mark): void {
    this.#refused.add(mark);
  }

  /** The room has shown that it has this version. */
  show(epoch: string, version: number): void {
    this.#highest.set(epoch, Math.max(version, this.#highest.get(epoch) ?? 0));
  }

  /** The room has shown its whole log to somebody. */
  showAll(to: string, { epoch, version, log }: Holdings): void {
    this.show(epoch, version);
    this.#shown.push({ to, epoch, version, log });
  }

  /** Somebody asks for a purge. @returns is told that it was acknowledged */
  purge(): () => void {
    this.#purges++;
    const before = [...this.#highest.keys()];
    return () => {
      for (const epoch of before) this.#ended.add(epoch);
    };
  }

  /** Compare with what the room holds, while no request is on its way. */
  audit({ epoch, version, log }: Holdings): Audit {
    const wrong: string[] = [];
    const says = (isRight: boolean, sentence: () => string): void => {
      if (!isRight) wrong.push(`${this.#room}: ${sentence()}`);
    };
    const highest = this.#highest.get(epoch) ?? 0;
    says(version >= highest, () => `version ${version} came after version ${highest}`);
    this.show(epoch, version);
    const epochs = this.#highest.size;
    says(epochs <= 1 + this.#purges, () => `${epochs} epochs after ${this.#purges} purges`);
    says(!this.#ended.has(epoch), () => `epoch ${epoch} is back, though it was purged`);

    const present = new Set(log);
    const places = new Map(log.map((mark, n) => [mark, n]));
    const lost = this.#promised(epoch).filter((mark) => !present.has(mark));
    says(lost.length === 0, () => `${lost.length} acknowledged are lost: ${some(lost)}`);
    const doubled = log.filter((mark, n) => places.get(mark) !== n);
    says(doubled.length === 0, () => `${doubled.length} are there twice: ${some(doubled)}`);
    const unasked = [...present].filter((mark) => !this.#asked.has(mark));
    says(unasked.length === 0, () => `nobody has asked for ${some(unasked)}`);
    const refused = [...present].filter((mark) => this.#refused.has(mark));
    says(refused.length === 0, () => `refused, and still there: ${some(refused)}`);
    says(version === log.length, () => `version ${version} with ${log.length} marks`);
    for (const seen of this.#shown.splice(0))
      if (seen.epoch === epoch)
        says(
          seen.log.every((mark, n) => log[n] === mark),
          () => `${seen.to} has seen a log at version ${seen.version} that never was`,
        );
    return { lost, doubled, wrong };
  }

  /** The marks that have to be there. Only a purge takes those of earlier epochs with it. */
  #promised(epoch: string): Mark[] {
    if (this.#purges === 0) return [...this.#acknowledged.values()].flatMap((marks) => [...marks]);
    return [...(this.#acknowledged.get(epoch) ?? [])];
  }
}

const some = (marks: readonly Mark[]): string =>
  marks.length <= 5 ? marks.join(", ") : `${marks.slice(0, 5).join(", ")} …`;
