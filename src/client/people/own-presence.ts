// The presence of this client: what the application set, and what of it the room has received. It sends
// the difference, no faster than the room takes it, and everything anew after each welcome: the room restores nothing.

import { member, utf8Bytes, type JsonObject, type JsonValue } from "../../protocol/json.ts";
import { maxPresenceBytes } from "../../protocol/limits.ts";
import { mergeDiff, mergePatch } from "../../protocol/merge-patch.ts";
import type { ClientMessage, SessionLimits } from "../../protocol/messages.ts";
import type { Environment } from "../environment.ts";
import { RoomError } from "../room-error.ts";
import type { PresenceInput } from "../types.ts";

type OwnPresencePorts = {
  readonly environment: Environment;
  /** @returns false without a connection; then nothing is sent */
  send(message: ClientMessage): boolean;
  /** Told of what was sent. */
  sent(data: JsonObject): void;
};

/** ms between two messages, so that a cursor moves smoothly for others. */
const frameTime = 33;
/** The part of the room's rate that presence may use. */
const share = 1 / 4;
/** ms after which `typing` is told again; in the room it lapses after 5 s. */
const typingTime = 3000;

export class OwnPresence {
  readonly #ports: OwnPresencePorts;
  /** A member that is null is to be removed: the room began with one from the user's entry. */
  #wanted: JsonObject = {};
  /** The presence that the room has received; `null` while nothing can be sent. */
  #told: JsonObject | null = null;
  #gap = frameTime;
  #sentAt = -Infinity;
  #cancelFlush: (() => void) | null = null;
  #cancelTyping = (): void => {};

  constructor(ports: OwnPresencePorts) {
    this.#ports = ports;
  }

  /**
   * Change what is shown, by a merge patch.
   * @throws TypeError for what JSON cannot hold; RoomError `invalid_presence` if there would be too much of it
   */
  set(patch: PresenceInput): void {
    // A copy, because the application may go on with its own.
    const wanted = merge(this.#wanted, JSON.parse(JSON.stringify(patch)) as JsonObject);
    if (utf8Bytes(JSON.stringify(wanted)) > maxPresenceBytes)
      throw new RoomError({
        code: "invalid_presence",
        detail: `Presence has at most ${maxPresenceBytes} bytes. Put large things into the state.`,
      });
    this.#wanted = wanted;
    this.#flushInTime();
  }

  /** The room has welcomed this client, and knows nothing of what it shows. */
  welcomed({ messagesPerSecond }: Pick<SessionLimits, "messagesPerSecond">): void {
    this.stop();
    this.#gap = Math.max(frameTime, 1000 / (messagesPerSecond * share));
    this.#told = {};
    this.flush();
  }

  /** There is no connection any more. Later changes wait for the next welcome. */
  stop(): void {
    this.#told = null;
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#cancelTyping();
  }

  #flushInTime(): void {
    if (this.#told === null || this.#cancelFlush) return;
    const { environment } = this.#ports;
    // The clock may have been set back.
    const wait = Math.min(this.#gap, this.#sentAt + this.#gap - environment.now());
    if (wait <= 0) return this.flush();
    this.#cancelFlush = environment.later(wait, () => {
      this.#cancelFlush = null;
      this.flush();
    });
  }

  /** Send what is not sent yet. */
  flush(): void {
    const patch = this.#told && mergeDiff(this.#told, this.#wanted);
    if (!patch) return;
    // A cursor would end the idleness that goes with it, if the room were not told again.
    const data = this.#wanted["status"] === "idle" ? { ...patch, status: "idle" } : patch;
    if (!this.#ports.send({ type: "presence", data })) return;
    this.#ports.sent(data);
    this.#sentAt = this.#ports.environment.now();
    this.#told = this.#wanted;
    if (Object.hasOwn(patch, "typing")) this.#renewTyping();
  }

  #renewTyping(): void {
    this.#cancelTyping();
    if (this.#wanted["typing"] !== true) return;
    this.#cancelTyping = this.#ports.environment.later(typingTime, () => {
      const { typing: _lapsing, ...told } = this.#told ?? {};
      this.#told = told;
      this.#flushInTime();
    });
  }
}

/** Members that the room takes from the user's entry: they are not gone before it is told so. */
const ofEntry = ["name", "color", "avatarUrl"];

/** Merge what an application sets into what is shown, with what it implies in the room (rule P3). */
function merge(wanted: JsonObject, patch: JsonObject): JsonObject {
  const { cursor = null, typing, status } = patch;
  const merged: Record<string, JsonValue> = { ...mergePatch(wanted, patch) };
  for (const name of ofEntry) if (member(patch, name) === null) merged[name] = null;
  if (status === "idle" && merged["typing"] === true) merged["typing"] = false;
  const isMove = cursor !== null || typing === true;
  if (isMove && status === undefined && merged["status"] === "idle") merged["status"] = "online";
  return merged;
}
