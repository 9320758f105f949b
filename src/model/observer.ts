// The protocol between a room and an observer: a Worker that follows the state for one of its clients. Frames are sent
// over a hibernating socket, whose attachment holds what the room must remember.

import type { Change } from "../protocol/history.ts";
import { isObject } from "../protocol/json.ts";
import { entityTag } from "./preconditions.ts";

/** An event of a stream: of an observer, or of a trace (`trace.ts`). */
export type StreamEvent =
  | ObserverEvent
  | {
      readonly kind: "frame" | "closed" | "dropped";
      /** Empty, because a trace cannot be resumed. */
      readonly tag: "";
      readonly data: string;
    };

/** An event for an observer. `data` is JSON text on one line; `tag` is the entity tag of the state after the event. */
export type ObserverEvent = {
  /** `state`: the whole state, as the first event. `reset`: the whole state, because changes are no longer available. */
  readonly kind: "state" | "reset" | "change";
  readonly tag: string;
  readonly data: string;
};

/** A mark in the stream. The observer sends `n` back once everything before the mark has been read. */
export type ObserverMark = { readonly kind: "mark"; readonly n: number };

export const stateEvent = (
  kind: "state" | "reset",
  epoch: string,
  version: number,
  stateText: string,
): ObserverEvent => ({
  kind,
  tag: entityTag(epoch, version),
  data: `{"epoch":${JSON.stringify(epoch)},"version":${version},"state":${stateText}}`,
});

export const changeEvent = (epoch: string, change: Change): ObserverEvent => ({
  kind: "change",
  tag: entityTag(epoch, change.to),
  data: changeData(change),
});

/** A change as JSON text. Its patch is already text, as in the journal. */
export const changeData = ({ from, to, patch }: Change): string =>
  `{"from":${from},"to":${to},"patch":${patch}}`;

/** Fields are separated by newlines, which compact JSON does not contain. */
export const encodeFrame = (frame: StreamEvent | ObserverMark): string =>
  frame.kind === "mark" ? `mark\n${frame.n}` : `${frame.kind}\n${frame.tag}\n${frame.data}`;

export function decodeFrame(frame: string): StreamEvent | ObserverMark {
  const [kind = "", second = "", data = ""] = frame.split("\n");
  if (kind === "mark") return { kind, n: Number(second) };
  return { kind, tag: second, data } as StreamEvent;
}

/** An observer as plain data; stored as the socket's attachment, so it survives hibernation. */
export type ObserverAttachment = {
  /** Version of this shape. Attachments of other versions are ignored. */
  readonly observer: 1;
  /** The epoch of the versions that were sent to it. */
  readonly epoch: string;
  /** Characters sent in total, up to the last mark, and up to the last mark that was returned. */
  readonly sent: number;
  readonly marked: number;
  readonly read: number;
  /** The user's id; absent for an observer without a user. */
  readonly user?: string;
  /** Whether it may follow only because of scopes that the room has granted the user. */
  readonly isGiven?: true;
  /** Whether the observer is the application's own code or an administrator. */
  readonly isTrusted?: true;
};

/** Read an attachment; `null` if it is not an observer's. */
export const readObserver = (attachment: unknown): ObserverAttachment | null =>
  isAttachment(attachment) ? attachment : null;

const isAttachment = (value: unknown): value is ObserverAttachment =>
  isObject(value) &&
  value["observer"] === 1 &&
  typeof value["epoch"] === "string" &&
  [value["sent"], value["marked"], value["read"]].every(Number.isSafeInteger);
