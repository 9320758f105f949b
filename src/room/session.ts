// A session as data: what is kept beside its socket, so that it outlives the object's memory.

import { isObject } from "../protocol/json.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { SessionPresence } from "./presence.ts";

/** What a returning client has: it wants the changes since. */
export type Resume = { readonly since: number; readonly epoch: string };

export type KeptSession = {
  /** Shape of this record: another one is not read. */
  readonly shape: 1;
  /** Session id. */
  readonly id: string;
  readonly userId: string;
  readonly scopes: readonly Scope[];
  readonly presence: SessionPresence;
  /** How many sessions its user has, if it is not the only one. */
  readonly tabs?: number;
  /** Whether it has got its `welcome`; until then, what it asked to resume from. */
  readonly welcomed: boolean;
  readonly resume?: Resume;
  readonly flow: Flow;
};

/** How far a reader has come, in characters sent since the socket opened. */
export type Flow = {
  readonly sent: number;
  readonly acked: number;
  /** Marks that were sent and are not acknowledged, in order. */
  readonly marks: readonly number[];
};

export const noFlow: Flow = { sent: 0, acked: 0, marks: [] };

/** Read what was kept; `null` when it is not of this shape. */
export const readKept = (kept: unknown): KeptSession | null => (isKept(kept) ? kept : null);

const isKept = (kept: unknown): kept is KeptSession => isObject(kept) && kept["shape"] === 1;
