// The bench's side of the client process: it starts it and sends it one command at a time.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type {
  CommandAnswer,
  CommandName,
  CommandOptions,
  CommandRequest,
  CommandResult,
} from "./commands.ts";

// No command takes longer, even where it runs into its own deadlines.
const patience = 150_000;

export class LoadClient {
  readonly #process: ChildProcess = fork(join(import.meta.dirname, "main.ts"));

  /** @throws Error with what went wrong at the client */
  async run<Name extends CommandName>(
    name: Name,
    options: CommandOptions<Name>,
  ): Promise<CommandResult<Name>> {
    const signal = AbortSignal.timeout(patience);
    const answered = once(this.#process, "message", { signal });
    this.#process.send({ name, options } satisfies CommandRequest);
    const [answer] = (await answered) as [CommandAnswer];
    if ("error" in answer) throw new Error(answer.error);
    return answer.result as CommandResult<Name>;
  }

  stop(): void {
    this.#process.kill();
  }
}
