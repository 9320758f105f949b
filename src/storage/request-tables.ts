// The tables of answered requests (rules X1, X2): `requests`, for those that are not stored with a change, and `keys`.
// Requests stored with a change are in the column `requests` of its row; they are read here, too.

import { decode, decodeStart, encode } from "./bytes.ts";
import type { RequestHistory, StoredKey, StoredKeyHead, StoredRequests } from "./room-storage.ts";

type Row = Record<string, ArrayBuffer | string | number | null>;
type Run = (query: string, ...bindings: (ArrayBufferView | string | number)[]) => Row[];

/** The version of the row that summarizes dropped rows. */
const droppedVersion = -1;

export class RequestTables {
  readonly #run: Run;
  /** The number of the key that was written last. Keys are ordered by number, because clocks may be set back. */
  #lastKey: number | null = null;

  /** @param run runs a query; does nothing if the tables do not exist yet */
  constructor(run: Run) {
    this.#run = run;
  }

  read(): RequestHistory {
    const all = this.#run("SELECT version, data FROM requests ORDER BY version, part").map(rowOf);
    const apart = all.filter(({ version }) => version !== droppedVersion);
    const beside = this.#run(
      "SELECT version, requests AS data FROM changes WHERE requests IS NOT NULL ORDER BY version",
    ).map(rowOf);
    const [first] = this.#run("SELECT start FROM changes ORDER BY version LIMIT 1");
    return {
      // The sort is stable: at the same version, requests stored with the change were answered before those apart.
      rows: [...beside, ...apart].toSorted((a, b) => a.version - b.version),
      apart,
      dropped: all.find(({ version }) => version === droppedVersion)?.text ?? null,
      journalStart: first === undefined ? null : Number(first["start"]),
    };
  }

  append({ version, text }: StoredRequests): void {
    this.#run(
      `INSERT INTO requests (version, part, data)
       SELECT ?, coalesce(max(part) + 1, 0), ? FROM requests WHERE version = ?`,
      version,
      encode(text),
      version,
    );
  }

  removeUpTo(version: number): void {
    this.#run("DELETE FROM requests WHERE version BETWEEN 0 AND ?", version);
  }

  drop(rows: number, dropped: string | null): void {
    this.#run(
      `DELETE FROM requests WHERE (version, part) IN
       (SELECT version, part FROM requests WHERE version >= 0 ORDER BY version, part LIMIT ?)`,
      rows,
    );
    if (dropped === null) this.#run("DELETE FROM requests WHERE version = ?", droppedVersion);
    else
      this.#run(
        "INSERT OR REPLACE INTO requests (version, part, data) VALUES (?, 0, ?)",
        droppedVersion,
        encode(dropped),
      );
  }

  readKey(key: string): StoredKey | null {
    const [row] = this.#run("SELECT at, data FROM keys WHERE key = ?", key);
    if (row === undefined) return null;
    return { key, at: Number(row["at"]), text: textOf(row) };
  }

  writeKey({ key, at, text }: StoredKey): void {
    this.#lastKey ??= Number(this.#run("SELECT max(n) AS n FROM keys")[0]?.["n"] ?? 0);
    this.#run(
      "INSERT OR REPLACE INTO keys (key, n, at, data) VALUES (?, ?, ?, ?)",
      key,
      ++this.#lastKey,
      at,
      encode(text),
    );
  }

  measureKeys(): { keys: number; bytes: number } {
    const [row] = this.#run(
      "SELECT count(*) AS keys, coalesce(sum(length(data)), 0) AS bytes FROM keys",
    );
    return { keys: Number(row?.["keys"] ?? 0), bytes: Number(row?.["bytes"] ?? 0) };
  }

  readKeyHeads(bytes: number): StoredKeyHead[] {
    return this.#run(
      "SELECT key, at, length(data) AS bytes, substr(data, 1, ?) AS start FROM keys ORDER BY n",
      bytes,
    ).map((row) => ({
      key: String(row["key"]),
      at: Number(row["at"]),
      bytes: Number(row["bytes"]),
      start: startOf(row["start"]),
    }));
  }

  removeKeys(keys: readonly string[]): void {
    for (const key of keys) this.#run("DELETE FROM keys WHERE key = ?", key);
  }

  clear(): void {
    this.#run("DELETE FROM requests");
    this.#run("DELETE FROM keys");
  }
}

const rowOf = (row: Row): StoredRequests => ({
  version: Number(row["version"]),
  text: typeof row["data"] === "string" ? row["data"] : textOf(row),
});

/** The start of a text; empty if the value is not a BLOB, so that the row counts as unreadable. */
const startOf = (data: Row[string] | undefined): string =>
  typeof data === "object" && data !== null ? decodeStart(new Uint8Array(data)) : "";

const textOf = (row: Row): string => decode([row["data"] as ArrayBuffer]);
