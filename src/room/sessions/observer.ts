// One observer: a Worker that follows the room's state for one of its clients (rule H10). It is not a session:
// nobody joins through it, and it sends back only the numbers of marks.

import {
  changeEvent,
  encodeFrame,
  type ObserverAttachment,
  type ObserverEvent,
} from "../../model/observer.ts";
import type { Change } from "../../protocol/history.ts";
import type { SocketPort } from "../ports.ts";

/** A mark is sent each time this fraction of the unread limit has been sent. */
const marksPerLimit = 16;

export type ObserverStart = Omit<ObserverAttachment, "observer">;

export class Observer {
  readonly socket: SocketPort;
  readonly epoch: string;
  readonly user: string | undefined;
  /** Whether its user may follow only by the scopes that the room has given them. */
  readonly isGiven: boolean;
  readonly isTrusted: boolean;
  /** The version that it has been sent; later changes are new to it. */
  version: number;
  #sent: number;
  #marked: number;
  #read: number;
  /** Epoch ms since when it has owed an acknowledgement of a mark; `null` if it owes none. */
  #waitsSince: number | null;
  readonly #unreadLimit: number;

  constructor(
    socket: SocketPort,
    { epoch, sent, marked, read, user, isGiven, isTrusted }: ObserverStart,
    version: number,
    unreadLimit: number,
    now: number,
  ) {
    this.socket = socket;
    this.epoch = epoch;
    this.user = user;
    this.isGiven = isGiven === true;
    this.isTrusted = isTrusted === true;
    this.version = version;
    this.#sent = sent;
    this.#marked = marked;
    this.#read = read;
    this.#waitsSince = read < marked ? now : null;
    this.#unreadLimit = unreadLimit;
  }

  /** Characters that were sent but not read; the initial events do not count. */
  get unread(): number {
    return this.#sent - this.#read;
  }

  get isTooSlow(): boolean {
    return this.unread > this.#unreadLimit;
  }

  /** Whether it has had this many ms to read, but has read nothing. */
  hasStalled(ms: number, now: number): boolean {
    return this.#waitsSince !== null && now - this.#waitsSince > ms;
  }

  /** Send the initial events. However large they are, they never make the observer too slow. */
  begin(events: readonly ObserverEvent[]): void {
    for (const event of events) this.socket.send(encodeFrame(event));
    this.saveAttachment();
  }

  /** Send a change, unless the observer has it. @param frame the change as a frame, the same for all */
  tell({ to }: Change, frame: string, now: number): void {
    if (to <= this.version) return;
    this.version = to;
    this.socket.send(frame);
    this.#sent += frame.length;
    if (this.#sent - this.#marked >= this.#unreadLimit / marksPerLimit) {
      this.#marked = this.#sent;
      this.#waitsSince ??= now;
      this.socket.send(encodeFrame({ kind: "mark", n: this.#marked }));
    }
    this.saveAttachment();
  }

  /** Everything up to this mark has been read. A number that matches no mark changes nothing. */
  acknowledge(n: number, now: number): void {
    if (!(n > this.#read && n <= this.#marked)) return;
    this.#read = n;
    this.#waitsSince = this.#read < this.#marked ? now : null;
    this.saveAttachment();
  }

  saveAttachment(): void {
    this.socket.saveAttachment({
      observer: 1,
      epoch: this.epoch,
      sent: this.#sent,
      marked: this.#marked,
      read: this.#read,
      ...(this.user !== undefined && { user: this.user }),
      ...(this.isGiven && { isGiven: true }),
      ...(this.isTrusted && { isTrusted: true }),
    });
  }
}

/** A change as a frame, for all observers of an epoch. */
export const changeFrame = (epoch: string, change: Change): string =>
  encodeFrame(changeEvent(epoch, change));
