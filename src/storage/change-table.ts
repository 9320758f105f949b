// The table `changes`: the journal. The queries for waking and for returning clients do not read the authors.

import { decode, encode } from "./bytes.ts";
import type { Change, JournalSize } from "../protocol/history.ts";

type Row = Record<string, ArrayBuffer | string | number | null>;
type Run = (query: string, ...bindings: (ArrayBufferView | string | number | null)[]) => Row[];

export class ChangeTable {
  readonly #run: Run;

  /** @param run runs a query */
  constructor(run: Run) {
    this.#run = run;
  }

  readAfter(after: number): Change[] {
    const query =
      "SELECT start, version, patch, moves, requests FROM changes WHERE version > ? ORDER BY version";
    return this.#run(query, after).map(changeOf);
  }

  readUpTo(version: number, limit: number): Change[] {
    const query =
      "SELECT start, version, patch, at, authors FROM changes WHERE version <= ? ORDER BY version DESC LIMIT ?";
    return this.#run(query, version, limit).map(changeOf);
  }

  measure(): JournalSize {
    const query =
      "SELECT min(start) AS start, count(*) AS n, sum(length(patch)) AS bytes FROM changes";
    const { start = null, n, bytes } = this.#run(query)[0] ?? {};
    return {
      start: start === null ? null : Number(start),
      rows: Number(n ?? 0),
      bytes: Number(bytes ?? 0),
    };
  }

  append({ from, to, patch, moves, requests, at, authors }: Change): void {
    this.#run(
      `INSERT INTO changes (version, start, patch, moves, requests, at, authors)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      to,
      from,
      encode(patch),
      moves ?? null,
      requests ?? null,
      at ?? null,
      authors ?? null,
    );
  }
}

const changeOf = ({ start, version, patch, moves, requests, at, authors }: Row): Change => ({
  from: Number(start),
  to: Number(version),
  patch: decode([patch as ArrayBuffer]),
  ...(isThere(moves) && { moves: String(moves) }),
  ...(isThere(requests) && { requests: String(requests) }),
  ...(isThere(at) && { at: Number(at) }),
  ...(isThere(authors) && { authors: String(authors) }),
});

const isThere = (value: Row[string] | undefined): boolean => value !== null && value !== undefined;
