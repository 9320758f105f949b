// What an administrator is told of the frames of a room (rule V6): pure, and never a token. The text of a client's frame is
// made anew from its messages, and only of those whose members are known to be no secrets of the client.

import { isObject, parseJson, utf8Bytes, type JsonValue } from "../protocol/json.ts";
import type { TracedFrame, TraceFilter } from "../protocol/inspection.ts";
import type { ClientMessageType } from "../protocol/messages.ts";

/** What is told of a frame, whoever it is of. */
export type FrameView = Pick<TracedFrame, "types" | "bytes" | "text" | "isCut">;

/** Characters of a frame that are told. */
const maxText = 4096;
/** Characters of the room's frames that are parsed for the types of their messages; of a longer one, the first is told. */
const maxParsed = 256 * 1024;

/** Messages that are told as they are. The others are `auth`, and what is no message at all. */
const told: Readonly<Record<Exclude<ClientMessageType, "auth">, true>> = {
  update: true,
  action: true,
  presence: true,
  broadcast: true,
  touch: true,
  watch: true,
  leave: true,
  ack: true,
};

/** A frame of the room's. It has no secrets: each session gets what it may see. */
export function viewSent(frame: string): FrameView {
  const types = frame.length <= maxParsed ? typesOf(parsed(frame)) : [];
  const [, first] = /^\[?\{"type":"(\w+)"/.exec(frame) ?? [];
  return {
    types: types.length > 0 ? types : first === undefined ? [] : [first],
    bytes: utf8Bytes(frame),
    ...cut(frame),
  };
}

/** A client's frame. @param limit bytes of those that the room parses */
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

/** A client's message as it is told. */
function withoutSecrets(message: JsonValue): JsonValue {
  const type = isObject(message) ? message["type"] : undefined;
  if (!isObject(message) || typeof type !== "string") return { type: "?" };
  if (!Object.hasOwn(told, type)) return { type: type === "auth" ? type : "?" };
  // The room ignores members that it does not know, and this one would be somebody's mistake.
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

/** Whose frame it is. */
type Owner = { readonly id: string; readonly userId: string };

/** Whether a filter selects what is of a session. */
export const selectsSession = ({ session, user }: TraceFilter, { id, userId }: Owner): boolean =>
  (session === undefined || session === id) && (user === undefined || user === userId);

/** A trace as plain data; stored as the socket's attachment, so it survives hibernation. */
export type TraceAttachment = {
  /** Version of this shape. An attachment of another version is ignored. */
  readonly trace: 1;
  readonly filter: TraceFilter;
  /** Characters that were sent, up to the last mark, and up to the last mark that has come back. */
  readonly sent: number;
  readonly marked: number;
  readonly read: number;
  /** Frames that were dropped, and of which nobody was told yet. */
  readonly dropped: number;
  /** The id of the user who may trace only by what the room has given them. */
  readonly givenTo?: string;
};

/** Read an attachment; `null` when it is not one of a trace. */
export const readTrace = (attachment: unknown): TraceAttachment | null =>
  isAttachment(attachment) ? attachment : null;

const isAttachment = (value: unknown): value is TraceAttachment =>
  isObject(value) &&
  value["trace"] === 1 &&
  isObject(value["filter"]) &&
  [value["sent"], value["marked"], value["read"], value["dropped"]].every(Number.isSafeInteger);
