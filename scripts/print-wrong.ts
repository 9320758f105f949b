// How `npm run chaos` and `npm run soak` say what is wrong. Much of it may follow from the first.

const most = 10;

export function printWrong(wrong: readonly string[]): void {
  for (const each of wrong.slice(0, most)) console.error(`wrong: ${each}`);
  if (wrong.length > most) console.error(`wrong: ${wrong.length - most} things more`);
}
