// Node's own SQLite as the store of an object: enough of `ctx.storage` to run SqliteRoomStorage outside
// of workerd.

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { SqlStore } from "../../src/storage/sqlite.ts";

type Exec = SqlStore["sql"]["exec"];

/** An empty store in memory. */
export function openNodeSqlite(): SqlStore {
  let db = new DatabaseSync(":memory:");
  let depth = 0;
  const prepared = new Map<string, StatementSync>();
  /** `null` for several statements, which cannot be prepared. */
  const prepare = (query: string): StatementSync | null => {
    const known = prepared.get(query);
    if (known !== undefined) return known;
    if (query.split(";").filter((statement) => statement.trim() !== "").length > 1) return null;
    const statement = db.prepare(query);
    // The columns of a `*` are those of the moment it was prepared.
    if (!query.includes("*")) prepared.set(query, statement);
    return statement;
  };
  const exec: Exec = (query, ...bindings) => {
    const statement = prepare(query);
    if (statement === null) db.exec(query);
    const rows = statement?.all(...(bindings as SQLInputValue[])) ?? [];
    return { toArray: () => rows as ReturnType<ReturnType<Exec>["toArray"]> };
  };
  return {
    sql: { exec },
    transactionSync(write) {
      const name = `level_${depth++}`;
      db.exec(`SAVEPOINT ${name}`);
      try {
        write();
      } catch (error) {
        db.exec(`ROLLBACK TO ${name}`);
        throw error;
      } finally {
        db.exec(`RELEASE ${name}`);
        depth--;
      }
    },
    async deleteAll() {
      prepared.clear();
      db.close();
      db = new DatabaseSync(":memory:");
    },
  };
}
