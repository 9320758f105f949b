// The commands of the client process, and the messages that carry them between the two processes.

import { crowd } from "./crowd.ts";
import { manySockets } from "./many-sockets.ts";
import { oneChange } from "./one-change.ts";
import { ordinaryLoad } from "./ordinary-load.ts";
import { presence } from "./presence.ts";
import { readsBesideWrites } from "./reads-beside-writes.ts";
import { reconnectStorm } from "./reconnect-storm.ts";
import { updates } from "./updates.ts";
import { wake } from "./wake.ts";

export const commands = {
  updates,
  ordinaryLoad,
  readsBesideWrites,
  presence,
  oneChange,
  manySockets,
  crowd,
  reconnectStorm,
  wake,
};

export type Commands = typeof commands;
export type CommandName = keyof Commands;
export type CommandOptions<Name extends CommandName> = Parameters<Commands[Name]>[0];
export type CommandResult<Name extends CommandName> = Awaited<ReturnType<Commands[Name]>>;

/** Sent to the client process, as JSON. */
export type CommandRequest = { readonly name: CommandName; readonly options: unknown };
/** Sent by the client process, in the order of the requests. */
export type CommandAnswer = { readonly result: unknown } | { readonly error: string };
