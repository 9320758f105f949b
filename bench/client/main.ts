// The client: a process of its own, so that neither server nor bench shares a thread with it. It does one
// command after another, as the bench sends them, and ends with the bench.

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
