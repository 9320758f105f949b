// What one client has asked (rule X1): the answers that are still known, by number. Numbers up to `floor` without
// an answer may have been handled, and their answers are gone; others without one have not been carried out.

import type { Answer } from "./answers.ts";

/**
 * Where an answer is kept.
 * - `memory`: nowhere else. The request has changed nothing: if it is forgotten, it may be judged anew.
 * - `pending`: it goes with the next commit.
 * - a number: in a row, which goes once the journal no longer has that version.
 */
export type Kept = "memory" | "pending" | number;

export type Request = { readonly answer: Answer; readonly kept: Kept };

/** How far below its highest number a client is told what was not handled. */
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
  /** The numbers that are in no row. */
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

  /** A row says that numbers up to this one were handled. Answers not loaded by now are lost. */
  reach(before: number): void {
    if (before > this.#highestStored) this.#floor = Math.max(this.#floor, before);
    this.#highest = Math.max(this.#highest, before);
    this.#highestStored = Math.max(this.#highestStored, before);
  }

  /** All that no row has, in order of numbers. */
  unstored(): (readonly [number, Answer])[] {
    return [...this.#unstored]
      .toSorted((a, b) => a - b)
      .flatMap((seq) => {
        const request = this.#requests.get(seq);
        return request === undefined ? [] : [[seq, request.answer] as const];
      });
  }

  /** All that no row had is in the row of this version now. */
  markStored(version: number): void {
    for (const [seq, answer] of this.unstored()) {
      this.#requests.set(seq, { answer, kept: version });
      this.#highestStored = Math.max(this.#highestStored, seq);
    }
    this.#unstored.clear();
  }

  /** A request that has changed nothing may be judged anew. */
  unlearn(seq: number): void {
    this.#requests.delete(seq);
    this.#unstored.delete(seq);
  }

  /** The answer of a request that was handled is gone. */
  forget(seq: number): void {
    this.#requests.delete(seq);
    this.#floor = Math.max(this.#floor, seq);
  }

  /** The rows up to this version are gone. */
  forgetUpTo(version: number): void {
    for (const [seq, { kept }] of this.#requests)
      if (typeof kept === "number" && kept <= version) this.forget(seq);
  }

  /**
   * The latest numbers below the highest that were not handled, in order: they got an error that is worth a retry, or
   * have changed nothing and are forgotten.
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
