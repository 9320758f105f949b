// Prints what `npm run chaos` and `npm run soak` found. Only the first few findings: later ones often follow from them.

const most = 10;

export function printWrong(wrong: readonly string[]): void {
  for (const each of wrong.slice(0, most)) console.error(`wrong: ${each}`);
  if (wrong.length > most) console.error(`wrong: and ${wrong.length - most} more`);
}
