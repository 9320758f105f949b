// The latest of a value that is new in each render, for listeners that are set up once.

import { useInsertionEffect, useRef } from "react";

export function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  // Before any other effect runs, which might call it.
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
