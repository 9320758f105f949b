// What the client process can be asked to do, and what it says and is told for that.

import { crowd } from "./crowd.ts";
import { oneChange } from "./one-change.ts";
import { presence } from "./presence.ts";
import { storm } from "./storm.ts";
import { updates } from "./updates.ts";

export const commands = { updates, presence, oneChange, crowd, storm };

export type Commands = typeof commands;
export type CommandName = keyof Commands;
export type CommandOptions<Name extends CommandName> = Parameters<Commands[Name]>[0];
export type CommandResult<Name extends CommandName> = Awaited<ReturnType<Commands[Name]>>;

/** To the client, as JSON. */
export type CommandRequest = { readonly name: CommandName; readonly options: unknown };
/** From the client: its answers come in the order of the requests. */
export type CommandAnswer = { readonly result: unknown } | { readonly error: string };
