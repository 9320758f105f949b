// A session as data: what is stored beside its socket, so that it outlives the object's memory.

import { isObject } from "../protocol/json.ts";
import type { Scope } from "../protocol/scopes.ts";
import type { SessionPresence } from "./presence.ts";

/** What a returning client has: it asks for the changes since. */
export type Resume = { readonly since: number; readonly epoch: string };

/**
 * Where a session stands with its client.
 * - `joining`: it has not been welcomed; nothing else may reach it before that.
 * - `live`: it has been welcomed and gets everything.
 * - `restarting`: the room has restarted; it starts over from another `welcome`.
 * - `ended`: the room no longer knows it.
 *
 * ```
 * joining ──welcome──▶ live ──room restarts──▶ restarting ──welcome──▶ live
 *    └──────────────────┴──────── close ────────────┴─────▶ ended
 * ```
 */
export type SessionState =
  | { readonly kind: "joining"; readonly resume?: Resume }
  | { readonly kind: "live" }
  | { readonly kind: "restarting" }
  | { readonly kind: "ended" };

export type SessionAttachment = {
  /** Shape of this record. A record of another shape is not read. */
  readonly shape: 2;
  /** Session id. */
  readonly id: string;
  readonly userId: string;
  readonly scopes: readonly Scope[];
  readonly presence: SessionPresence;
  /** How many sessions the user has; absent for one. */
  readonly sessionCount?: number;
  readonly state: SessionState;
  readonly flow: Flow;
};

/** How far a client has read, in characters sent since the socket opened. */
export type Flow = {
  readonly sent: number;
  readonly acked: number;
  /** Marks that were sent and not yet acknowledged, in order. */
  readonly marks: readonly number[];
};

export const initialFlow: Flow = { sent: 0, acked: 0, marks: [] };

/** Read an attachment; `null` when it is not of this shape. */
export const readAttachment = (attachment: unknown): SessionAttachment | null =>
  isAttachment(attachment) ? attachment : null;

const isAttachment = (value: unknown): value is SessionAttachment =>
  isObject(value) && value["shape"] === 2;
