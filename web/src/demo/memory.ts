// The memory of a tab across reloads, and of the browser for all tabs. If the browser denies storage, the
// page works without it.

type Where = "tab" | "browser";

const storageOf = (where: Where): Storage => (where === "tab" ? sessionStorage : localStorage);

/** @returns `null` if nothing is stored under the key */
export function recall(where: Where, key: string): string | null {
  try {
    return storageOf(where).getItem(key);
  } catch {
    return null;
  }
}

/** @param value `null` removes the key */
export function remember(where: Where, key: string, value: string | null): void {
  try {
    if (value === null) storageOf(where).removeItem(key);
    else storageOf(where).setItem(key, value);
  } catch {
    // The page works without storage.
  }
}
