// The client process, separate so that it shares no thread with a server or with the bench. It runs one
// command after another, as the bench sends them, and exits when the bench does.

import { type CommandAnswer, type CommandRequest, commands } from "./commands.ts";

process.on("message", ({ name, options }: CommandRequest) => {
  const command = commands[name] as (options: unknown) => Promise<unknown>;
  void command(options).then(
    (result) => answer({ result }),
    (error: Error) => answer({ error: error.message }),
  );
});
process.on("disconnect", () => process.exit());

function answer(message: CommandAnswer): void {
  process.send?.(message);
}
