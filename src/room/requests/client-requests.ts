// The requests of one client (rule X1): the answers that are still known, by number. Numbers up to `floor` without
// an answer may have been handled, but their answers are gone. Other numbers without an answer were not handled.

import type { Answer } from "./answers.ts";

/**
 * Where an answer is kept.
 * - `memory`: only in memory. The request has changed nothing: if its answer is forgotten, it may be handled again.
 * - `pending`: it is written with the next commit.
 * - a number: in a row, which is removed once the journal no longer has that version.
 */
export type Kept = "memory" | "pending" | number;

export type Request = { readonly answer: Answer; readonly kept: Kept };

/** How far below its highest number a client is told which numbers were not handled. */
const maxMissing = 1000;

export class ClientRequests {
  readonly client: string;
  /** The id of the client's user. */
  readonly user: string;
  #floor = 0;
  #highest = 0;
  /** The highest number in any row. */
  #highestStored = 0;
  readonly #requests = new Map<number, Request>();
  /** The numbers that are not in any row. */
  readonly #unstored = new Set<number>();

  constructor(client: string, user: string) {
    this.client = client;
    this.user = user;
  }

  get floor(): number {
    return this.#floor;
  }

  /** The highest number that was handled. */
  get highest(): number {
    return this.#highest;
  }

  get highestStored(): number {
    return this.#highestStored;
  }

  get isEmpty(): boolean {
    return this.#requests.size === 0;
  }

  get(seq: number): Request | undefined {
    return this.#requests.get(seq);
  }

  add(seq: number, answer: Answer, kept: Kept): void {
    this.#requests.set(seq, { answer, kept });
    this.#highest = Math.max(this.#highest, seq);
    if (typeof kept === "number") this.#highestStored = Math.max(this.#highestStored, seq);
    else this.#unstored.add(seq);
  }

  /** A row says that numbers up to this one were handled. The answers that are not loaded by now are lost. */
  reach(before: number): void {
    if (before > this.#highestStored) this.#floor = Math.max(this.#floor, before);
    this.#highest = Math.max(this.#highest, before);
    this.#highestStored = Math.max(this.#highestStored, before);
  }

  /** The answers that are not in any row, in order of their numbers. */
  unstored(): (readonly [number, Answer])[] {
    return [...this.#unstored]
      .toSorted((a, b) => a - b)
      .flatMap((seq) => {
        const request = this.#requests.get(seq);
        return request === undefined ? [] : [[seq, request.answer] as const];
      });
  }

  /** Record that these answers are now in the row of this version. */
  markStored(version: number): void {
    for (const [seq, answer] of this.unstored()) {
      this.#requests.set(seq, { answer, kept: version });
      this.#highestStored = Math.max(this.#highestStored, seq);
    }
    this.#unstored.clear();
  }

  /** Forget a request that has changed nothing: it may be handled again. */
  unlearn(seq: number): void {
    this.#requests.delete(seq);
    this.#unstored.delete(seq);
  }

  /** Forget the answer of a request that was handled. */
  forget(seq: number): void {
    this.#requests.delete(seq);
    this.#floor = Math.max(this.#floor, seq);
  }

  /** Forget the answers in rows up to this version, which were removed. */
  forgetUpTo(version: number): void {
    for (const [seq, { kept }] of this.#requests)
      if (typeof kept === "number" && kept <= version) this.forget(seq);
  }

  /**
   * The latest numbers below the highest that were not handled, in order. They got an error that is worth a retry,
   * or changed nothing and were forgotten.
   */
  missing(): number[] {
    const numbers: number[] = [];
    const from = Math.max(this.#floor, this.#highest - maxMissing - 1) + 1;
    for (let seq = from; seq < this.#highest; seq++)
      if (!this.#requests.has(seq)) numbers.push(seq);
    return numbers;
  }

  /** The numbers that were refused, in order. */
  refused(): number[] {
    return [...this.#requests]
      .flatMap(([seq, { answer }]) => (answer.kind === "refused" ? [seq] : []))
      .toSorted((a, b) => a - b);
  }
}
