// A session as plain data. It is stored as the socket's attachment, so it survives hibernation.

import { isObject, isTextList } from "../protocol/json.ts";
import type { Scope } from "../protocol/scopes.ts";
import { isTime } from "../protocol/time.ts";
import { isSessionPresence } from "./presence.ts";

/** The version of a returning client, which requests the changes since then. */
export type Resume = { readonly since: number; readonly epoch: string };

/** The same for a session. If `since` is `null`, the client has no version and only names its last epoch. */
export type Return = { readonly since: number | null; readonly epoch: string };

/**
 * The state of a session.
 * - `joining`: it has not received `welcome` yet, and must not receive anything else before that.
 * - `live`: it has received `welcome` and receives everything.
 * - `restarting`: the room has restarted, and the session will start over with a new `welcome`.
 * - `ended`: the room no longer knows it.
 *
 * ```
 * joining ──welcome──▶ live ──room restarts──▶ restarting ──welcome──▶ live
 *    └──────────────────┴──────── close ────────────┴─────▶ ended
 * ```
 */
export type SessionState =
  | { readonly kind: "joining"; readonly resume?: Return }
  | { readonly kind: "live" }
  | { readonly kind: "restarting" }
  | { readonly kind: "ended" };

export type SessionAttachment = {
  /** Version of this shape. Attachments of other versions are ignored. */
  readonly shape: 3;
  /** Session id. */
  readonly id: string;
  readonly userId: string;
  /** The client's own name (rule X1). */
  readonly client?: string;
  readonly scopes: readonly Scope[];
  /** Epoch ms at which its token expires; absent if it does not. */
  readonly expiresAt?: number;
  /** A `SessionPresence`, packed. */
  readonly presence: Packed;
  /** Number of the user's sessions; absent if it is one. */
  readonly sessionCount?: number;
  readonly state: SessionState;
  readonly flow: Flow;
  /** Epoch ms at which the session was opened; absent in attachments of earlier releases. */
  readonly openedAt?: number;
  /** Epoch ms of the last received frame when this was saved. */
  readonly heardAt: number;
  /** The mark that a silent client must acknowledge before the next liveness check. */
  readonly probe?: number;
  /** Whether the session last saw the room as sampled (rule N1). */
  readonly isSampled?: true;
  /** The ids of the users that it watches, packed. */
  readonly watched?: Packed;
};

/** JSON as UTF-8 bytes. */
export type Packed = Uint8Array;

/**
 * Pack a value whose size clients determine. An attachment must fit into 16 KiB, and the platform's own encoding may
 * take nine times the bytes of the JSON: `-0` takes nine bytes, and a string with a single character outside Latin-1
 * takes two bytes per character.
 */
export const pack = (value: unknown): Packed => new TextEncoder().encode(JSON.stringify(value));

export const unpack = <T>(packed: Packed): T => JSON.parse(new TextDecoder().decode(packed)) as T;

/** How much a client has received, in characters sent since the socket opened. */
export type Flow = {
  readonly sent: number;
  readonly acked: number;
  /** Marks that were sent and not yet acknowledged, in order. */
  readonly marks: readonly Mark[];
};

/** A mark in the stream: a number that clients cannot guess, the characters sent before it, and its epoch ms. */
export type Mark = { readonly n: number; readonly at: number; readonly sentAt: number };

export const initialFlow: Flow = { sent: 0, acked: 0, marks: [] };

/** Read an attachment; `null` if it does not have this shape, because the socket has no session. */
export const readAttachment = (attachment: unknown): SessionAttachment | null =>
  isAttachment(attachment) ? attachment : null;

const isAttachment = (value: unknown): value is SessionAttachment =>
  isObject(value) &&
  value["shape"] === 3 &&
  isText(value["id"]) &&
  isText(value["userId"]) &&
  isAbsentOr(isText, value["client"]) &&
  isTextList(value["scopes"]) &&
  isAbsentOr(isTime, value["expiresAt"]) &&
  isSessionPresence(unpackAny(value["presence"])) &&
  isAbsentOr(isCount, value["sessionCount"]) &&
  isState(value["state"]) &&
  isFlow(value["flow"]) &&
  isAbsentOr(isTime, value["openedAt"]) &&
  isTime(value["heardAt"]) &&
  isAbsentOr(isCount, value["probe"]) &&
  isAbsentOr(isTextList, value["watched"] && unpackAny(value["watched"]));

const isAbsentOr = (isValid: (value: unknown) => boolean, value: unknown): boolean =>
  value === undefined || isValid(value);

const isText = (value: unknown): boolean => typeof value === "string";

const isCount = (value: unknown): boolean => Number.isFinite(value) && Number(value) >= 0;

function isState(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { kind, resume } = value;
  if (resume === undefined)
    return ["joining", "live", "restarting", "ended"].includes(String(kind));
  if (kind !== "joining" || !isObject(resume)) return false;
  return (resume["since"] === null || isCount(resume["since"])) && isText(resume["epoch"]);
}

function isFlow(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { sent, acked, marks } = value;
  return isCount(sent) && isCount(acked) && Array.isArray(marks) && marks.every(isMark);
}

const isMark = (value: unknown): boolean =>
  isObject(value) && isCount(value["n"]) && isCount(value["at"]) && isTime(value["sentAt"]);

/** Unpack a value; `null` if it is not a packed one. */
function unpackAny(value: unknown): unknown {
  try {
    // In a test that simulates a browser, the bytes may be from another realm, where `instanceof` fails.
    return ArrayBuffer.isView(value) ? unpack(value as Packed) : null;
  } catch {
    return null;
  }
}
