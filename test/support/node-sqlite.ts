// Node's own SQLite as the store of an object: enough of `ctx.storage` to run SqliteRoomStorage outside
// of workerd.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { SqlStore } from "../../src/storage/sqlite.ts";

type Exec = SqlStore["sql"]["exec"];

/** An empty store in memory. */
export function openNodeSqlite(): SqlStore {
  let db = new DatabaseSync(":memory:");
  let depth = 0;
  const exec: Exec = (query, ...bindings) => {
    const several = query.split(";").filter((statement) => statement.trim() !== "").length > 1;
    if (several) db.exec(query);
    const rows = several ? [] : db.prepare(query).all(...(bindings as SQLInputValue[]));
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
      db.close();
      db = new DatabaseSync(":memory:");
    },
  };
}
