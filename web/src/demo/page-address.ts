// Which board the page's address names.

export const newBoardName = (): string =>
  `board-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;

export function openNewBoard(): void {
  location.assign(`/?board=${newBoardName()}`);
}
