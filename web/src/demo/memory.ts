// What a tab remembers across reloads, and what the browser remembers for all of its tabs. A browser may refuse to, and
// then the page does without.

type Where = "tab" | "browser";

const storageOf = (where: Where): Storage => (where === "tab" ? sessionStorage : localStorage);

/** @returns `null` for what is not remembered */
export function recall(where: Where, key: string): string | null {
  try {
    return storageOf(where).getItem(key);
  } catch {
    return null;
  }
}

/** @param value `null`: forget it */
export function remember(where: Where, key: string, value: string | null): void {
  try {
    if (value === null) storageOf(where).removeItem(key);
    else storageOf(where).setItem(key, value);
  } catch {
    // The page works without.
  }
}
