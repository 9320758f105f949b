// Counts the rows that an object writes, as the platform bills them: the rows of each statement, and one row
// for each time the alarm is set or deleted.

export type RowCount = {
  rows: number;
  /** Bytes of the largest single value written. */
  largest: number;
};

/** Count what an object writes from now on. */
export function countRows(ctx: DurableObjectState, count: RowCount): DurableObjectState {
  const { storage } = ctx;
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  const setAlarm = storage.setAlarm.bind(storage);
  const deleteAlarm = storage.deleteAlarm.bind(storage);
  Object.assign(sql, {
    exec(query: string, ...bindings: SqlStorageValue[]) {
      const cursor = exec(query, ...bindings);
      count.rows += cursor.rowsWritten;
      for (const value of bindings)
        if (value instanceof ArrayBuffer || ArrayBuffer.isView(value))
          count.largest = Math.max(count.largest, value.byteLength);
      return cursor;
    },
  });
  Object.assign(storage, {
    setAlarm(at: number) {
      count.rows++;
      return setAlarm(at);
    },
    deleteAlarm() {
      count.rows++;
      return deleteAlarm();
    },
  });
  return ctx;
}
