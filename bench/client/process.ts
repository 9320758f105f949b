// The bench's handle on the client process: it starts the process and sends it one command at a time.

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

// Longer than any command takes, including its own timeouts.
const commandTimeout = 150_000;

export class ClientProcess {
  readonly #process: ChildProcess = fork(join(import.meta.dirname, "main.ts"));

  /** @throws Error with the message of the error in the client process */
  async run<Name extends CommandName>(
    name: Name,
    options: CommandOptions<Name>,
  ): Promise<CommandResult<Name>> {
    const signal = AbortSignal.timeout(commandTimeout);
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
