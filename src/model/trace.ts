// Describes a room's frames for administrators (rule V6), with pure functions and without ever showing a token. The text
// of a client's frame is rebuilt from its messages, and only from those whose members are known not to be secret.

import { isObject, parseJson, utf8Bytes, type JsonValue } from "../protocol/json.ts";
import type { TracedFrame, TraceFilter } from "../protocol/inspection.ts";
import type { ClientMessageType } from "../protocol/messages.ts";

/** The members that a trace shows of every frame. */
export type FrameView = Pick<TracedFrame, "types" | "bytes" | "text" | "isCut">;

/** The maximum number of characters shown of a frame. */
const maxText = 4096;
/** The room's frames up to this length are parsed for their message types. For longer ones, only the first is shown. */
const maxParsed = 256 * 1024;

/** Messages that are shown unchanged. The others are `auth`, and anything that is not a valid message. */
const shown: Readonly<Record<Exclude<ClientMessageType, "auth">, true>> = {
  update: true,
  action: true,
  presence: true,
  broadcast: true,
  touch: true,
  watch: true,
  leave: true,
  ack: true,
};

/** Describe a frame that the room sent. It contains no secrets, because a session receives only what it may see. */
export function viewSent(frame: string): FrameView {
  const types = frame.length <= maxParsed ? typesOf(parsed(frame)) : [];
  const [, first] = /^\[?\{"type":"(\w+)"/.exec(frame) ?? [];
  return {
    types: types.length > 0 ? types : first === undefined ? [] : [first],
    bytes: utf8Bytes(frame),
    ...cut(frame),
  };
}

/** Describe a client's frame. @param limit the maximum size in bytes of frames that the room parses */
export function viewReceived(frame: string | ArrayBuffer, limit: number): FrameView {
  const bytes = typeof frame === "string" ? utf8Bytes(frame) : frame.byteLength;
  const unseen = { types: [], bytes, text: null };
  const json = typeof frame === "string" && bytes <= limit ? parsed(frame) : undefined;
  if (json === undefined) return unseen;
  const items = Array.isArray(json) ? json.map(withoutSecrets) : withoutSecrets(json);
  try {
    return { types: typesOf(items), bytes, ...cut(JSON.stringify(items)) };
  } catch {
    return unseen; // it nests too deeply
  }
}

/** A client's message without its secrets. */
function withoutSecrets(message: JsonValue): JsonValue {
  const type = isObject(message) ? message["type"] : undefined;
  if (!isObject(message) || typeof type !== "string") return { type: "?" };
  if (!Object.hasOwn(shown, type)) return { type: type === "auth" ? type : "?" };
  // The room ignores unknown members, but a client may have put a token here by mistake.
  const { token: _, ...rest } = message;
  return rest;
}

function typesOf(json: JsonValue | undefined): string[] {
  const items = Array.isArray(json) ? json : [json];
  return items.map((item) => (isObject(item) ? String(item["type"]) : "?"));
}

function parsed(frame: string): JsonValue | undefined {
  try {
    return parseJson(frame);
  } catch {
    return undefined;
  }
}

const cut = (text: string): Pick<FrameView, "text" | "isCut"> =>
  text.length <= maxText ? { text } : { text: text.slice(0, maxText), isCut: true };

/** The session that a frame belongs to. */
type Owner = { readonly id: string; readonly userId: string };

/** Whether a filter selects a session's frames. */
export const selectsSession = ({ session, user }: TraceFilter, { id, userId }: Owner): boolean =>
  (session === undefined || session === id) && (user === undefined || user === userId);

/** A trace as plain data; stored as the socket's attachment, so it survives hibernation. */
export type TraceAttachment = {
  /** Version of this shape. Attachments of other versions are ignored. */
  readonly trace: 1;
  readonly filter: TraceFilter;
  /** Characters sent in total, up to the last mark, and up to the last mark that was returned. */
  readonly sent: number;
  readonly marked: number;
  readonly read: number;
  /** Dropped frames that have not been reported yet. */
  readonly dropped: number;
  /** The user's id, if they may trace only because of scopes that the room has granted them. */
  readonly givenTo?: string;
};

/** Read an attachment; `null` if it is not a trace's. */
export const readTrace = (attachment: unknown): TraceAttachment | null =>
  isAttachment(attachment) ? attachment : null;

const isAttachment = (value: unknown): value is TraceAttachment =>
  isObject(value) &&
  value["trace"] === 1 &&
  isObject(value["filter"]) &&
  [value["sent"], value["marked"], value["read"], value["dropped"]].every(Number.isSafeInteger);
