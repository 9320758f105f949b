// The board in the address of the page, and the user in its token.

export const newBoardName = (): string =>
  `board-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;

export function openNewBoard(): void {
  // Keep the token, if there is one: it may be valid for the new board, too.
  location.assign(`/?board=${newBoardName()}${location.hash}`);
}

/** The user id in a token, unverified: only the service can check it. `null` if it is not a token. */
export function userIn(token: string): string | null {
  try {
    const payload = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(payload, (letter) => letter.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly sub?: unknown };
    return typeof sub === "string" ? sub : null;
  } catch {
    return null;
  }
}
