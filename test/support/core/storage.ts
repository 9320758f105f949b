// What an object stores: SQLite in memory, and the alarm, which takes part in transactions.

import type { SqlStore } from "../../../src/storage/sqlite.ts";
import type { TestAlarm } from "./alarm.ts";
import type { WriteFaults } from "./write-faults.ts";

/** @param isUsable false once the instance that was given the storage has gone */
export function instanceStore(
  store: SqlStore,
  alarm: TestAlarm,
  faults: WriteFaults,
  isUsable: () => boolean,
): SqlStore {
  const check = (): void => {
    if (!isUsable()) throw new Error("An instance that has gone uses its storage.");
  };
  return {
    sql: {
      exec(query, ...bindings) {
        check();
        faults.check(query);
        return store.sql.exec(query, ...bindings);
      },
    },
    transactionSync(write) {
      check();
      const { at } = alarm;
      try {
        store.transactionSync(write);
      } catch (error) {
        if (alarm.at !== at) alarm.restore(at);
        throw error;
      }
    },
    deleteAll() {
      check();
      alarm.clear();
      return store.deleteAll();
    },
  };
}
