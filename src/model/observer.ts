// What passes between a room and an observer: a Worker that follows the state for one of its clients. Frames go
// over a hibernating socket; what the room has to remember of it is the socket's attachment.

import type { Change } from "../protocol/history.ts";
import { isObject } from "../protocol/json.ts";
import { entityTag } from "./preconditions.ts";

/** An event of a stream: of the state, or of a trace (`trace.ts`). */
export type StreamEvent =
  | ObserverEvent
  | {
      readonly kind: "frame" | "closed" | "dropped";
      /** Nobody resumes a trace. */
      readonly tag: "";
      readonly data: string;
    };

/** What an observer is told. `data` is JSON text on one line; `tag` is the entity tag of the state after it. */
export type ObserverEvent = {
  /** `state`: the whole state, to begin with. `reset`: the whole state, instead of changes that are gone. */
  readonly kind: "state" | "reset" | "change";
  readonly tag: string;
  readonly data: string;
};

/** A mark in the stream: the observer sends `n` back once everything before it has been read. */
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

/** A change as JSON text. Its patch is text already: it is the journal's. */
export const changeData = ({ from, to, patch }: Change): string =>
  `{"from":${from},"to":${to},"patch":${patch}}`;

/** Fields are lines: compact JSON has none of its own. */
export const encodeFrame = (frame: StreamEvent | ObserverMark): string =>
  frame.kind === "mark" ? `mark\n${frame.n}` : `${frame.kind}\n${frame.tag}\n${frame.data}`;

export function decodeFrame(frame: string): StreamEvent | ObserverMark {
  const [kind = "", second = "", data = ""] = frame.split("\n");
  if (kind === "mark") return { kind, n: Number(second) };
  return { kind, tag: second, data } as StreamEvent;
}

/** An observer as plain data; stored as the socket's attachment, so it survives hibernation. */
export type ObserverAttachment = {
  /** Version of this shape. An attachment of another version is ignored. */
  readonly observer: 1;
  /** The epoch of the versions that it was told. */
  readonly epoch: string;
  /** Characters that were sent, up to the last mark, and up to the last mark that has come back. */
  readonly sent: number;
  readonly marked: number;
  readonly read: number;
  /** The id of the user who follows; absent for nobody in particular. */
  readonly user?: string;
  /** Whether they may follow only by what the room has given that user. */
  readonly isGiven?: true;
  /** Whether it is the application's own code or an administrator who follows. */
  readonly isTrusted?: true;
};

/** Read an attachment; `null` when it is not one of an observer. */
export const readObserver = (attachment: unknown): ObserverAttachment | null =>
  isAttachment(attachment) ? attachment : null;

const isAttachment = (value: unknown): value is ObserverAttachment =>
  isObject(value) &&
  value["observer"] === 1 &&
  typeof value["epoch"] === "string" &&
  [value["sent"], value["marked"], value["read"]].every(Number.isSafeInteger);
