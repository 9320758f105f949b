// Which board the page's address names, and who the token in it is.

export const newBoardName = (): string =>
  `board-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;

export function openNewBoard(): void {
  // The token, if there is one, may be good for it, too.
  location.assign(`/?board=${newBoardName()}${location.hash}`);
}

/** The user id in a token, which only the service can check; `null` for what is no token. */
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
