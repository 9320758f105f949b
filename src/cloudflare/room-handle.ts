// A room as code in the Worker uses it: values in, values out, errors thrown as CollabError.

import type { ChangesOptions, RoomChange } from "../protocol/changes.ts";
import type {
  ActionName,
  CallOf,
  InputOf,
  ResultOf,
  RoomBehaviour,
  StateOf,
} from "../behaviours/behaviour.ts";
import { CollabError } from "../protocol/errors.ts";
import { measure, type JsonObject, type JsonValue } from "../protocol/json.ts";
import type { Patch } from "../protocol/json-patch.ts";
import { pageSize } from "../protocol/paging.ts";
import type { PresenceMap } from "../protocol/presence.ts";
import type { RoomInfo } from "../protocol/rooms.ts";
import { checkScopes, type Scope } from "../protocol/scopes.ts";
import type { UserEntry, UserInfo } from "../protocol/users.ts";
import { defaultPresenceTtl } from "../model/duration.ts";
import type { Resume } from "../model/session-attachment.ts";
import { ChangeReader } from "./change-reader.ts";
import { waitingRooms, whileWaiting } from "./hook-context.ts";
import type { RoomStub } from "./room-stub.ts";

/** More than any room's limit. Values that are nested more deeply are refused before they are sent. */
const maxDepth = 256;

/** For a call that may have to be retried, because its answer was lost. */
export type KeyedOptions = {
  /**
   * A random key, 1 to 255 visible ASCII characters. A call with the same key and the same arguments within 24 hours
   * (for `updateState`, any function) gets the same answer and is not carried out again (rule X2). Calls throw
   * `key_reused` if the arguments differ, and `client_taken` if the key belongs to another user.
   */
  readonly idempotencyKey?: string | undefined;
};

/** Creates a handle. It is not a public constructor, because its declaration would need the Workers types. */
export let holdRoom: <Room extends RoomBehaviour>(stub: RoomStub) => RoomHandle<Room>;

/** A handle on a room. `RoomHandle<typeof board>` has the types of its state and its actions. */
export class RoomHandle<Room extends RoomBehaviour = RoomBehaviour> {
  readonly #stub: RoomStub;

  private constructor(stub: RoomStub) {
    this.#stub = stub;
  }

  static {
    holdRoom = (stub) => new RoomHandle(stub);
  }

  get id(): string {
    return this.#stub.id;
  }

  /**
   * Let a user join. If the room is not running, it starts.
   * @param user `id` of 1–128 characters, and your own fields, at most 4 KiB as JSON
   * @param options `ttl`: ms without a sign of life (`touch` with their id) after which they leave
   * @returns the user's entry
   * @throws CollabError `invalid_user`, `join_refused` with a `reason`, `room_full`, `hook_failed`,
   * `call_timeout`, `load_failed`
   */
  async join<User extends { readonly id: string }>(
    user: User,
    options: KeyedOptions & { readonly ttl?: number | undefined } = {},
  ): Promise<UserEntry> {
    const input = { user: { text: toJsonText(user, "invalid_user") }, ttl: options.ttl };
    const { user: entry } = await this.#stub.keyed(options.idempotencyKey).call("joinRoom", input);
    return JSON.parse(entry) as UserEntry;
  }

  /** Remove a user. It is not an error if the user is not in the room, or the room is not running. */
  async leave(userId: string): Promise<void> {
    return this.#stub.call("leaveRoom", { userId });
  }

  /** All users in join order, however many there are. It fetches them page by page. */
  async getUsers(): Promise<UserEntry[]> {
    const found = new Map<string, UserEntry>();
    let cursor: string | undefined;
    do {
      const page = await this.#stub.call("listUsers", { cursor, limit: pageSize.max });
      for (const user of JSON.parse(page.users) as UserEntry[]) {
        // A user who has rejoined since an earlier page has moved to the end.
        found.delete(user.id);
        found.set(user.id, user);
      }
      ({ cursor } = page);
    } while (cursor !== undefined);
    return [...found.values()];
  }

  /**
   * One user, with the number of their sessions and the scopes of these.
   * @throws CollabError `user_not_found`, `room_not_running`
   */
  async getUser(userId: string): Promise<UserInfo> {
    return JSON.parse(await this.#stub.call("getUser", { userId })) as UserInfo;
  }

  /**
   * The state.
   * @throws CollabError `room_not_running`
   */
  async getState<State extends object = StateOf<Room>>(): Promise<State> {
    const { text } = await this.#stub.call("getState", {});
    return JSON.parse(text ?? "") as State;
  }

  /**
   * Follow the state: first the whole state, or the changes since the version that you have; then every change. It ends
   * when the room stops. Break out of the loop to stop reading.
   * @throws CollabError `room_not_running`, `room_full`, `invalid_request`; later `too_slow` or `session_lost`:
   * continue from the version that you have reached
   * @example
   * ```ts
   * for await (const change of room.changes())
   *   if (change.type === "change") console.log(change.to, change.patch);
   * ```
   */
  async *changes(options: ChangesOptions = {}): AsyncGenerator<RoomChange, void> {
    const reader = new ChangeReader(await this.#stub.observe({ resume: resumeOf(options) }));
    try {
      for await (const { kind, data } of reader)
        yield { type: kind, ...(JSON.parse(data) as object) } as RoomChange;
    } finally {
      await reader.return();
    }
    if (reader.end !== "room_stopped") throw new CollabError(reader.end ?? "session_lost");
  }

  /**
   * Change the state with a function, in the room's turn: nobody else changes it in between.
   * @param next gets the state and returns the next one, within the room's `callTimeout`
   * @returns the version after the change; the same version if nothing changes
   * @throws CollabError `update_failed` (`cause` is what `next` threw), `call_timeout`, `invalid_state`,
   * `too_large`, `room_not_running`, `reentrant_call` (`next` called the room). The state is then unchanged
   * @example
   * ```ts
   * await room.updateState((state) => ({ ...state, n: Number(state.n) + 1 }));
   * ```
   */
  async updateState<State extends object = StateOf<Room>>(
    next: (state: State) => State | Promise<State>,
    options: KeyedOptions = {},
  ): Promise<{ version: number }> {
    const stub = this.#stub.keyed(options.idempotencyKey);
    const waiting = [...waitingRooms(), this.id];
    let failure: CollabError | undefined;
    // Errors of the function are kept here, because they would lose their type over RPC.
    const update = async (stateText: string): Promise<string | null> => {
      try {
        const state = JSON.parse(stateText) as State;
        return toJsonText(await whileWaiting(waiting, () => next(state)), "invalid_state");
      } catch (error) {
        failure =
          error instanceof CollabError
            ? error
            : new CollabError("update_failed", {}, { cause: error });
        return null;
      }
    };
    try {
      return await stub.call("updateState", { next: update });
    } catch (error) {
      throw failure ?? error;
    }
  }

  /**
   * Change the state with a JSON Patch (RFC 6902), which may also contain the operations `inc`, `str_ins` and
   * `str_del`.
   * @param options `ifVersion`: the version that the state must have. `base`: the version that the patch was made on;
   * indexes and positions are adjusted for the changes since. `strict`: refuse the patch if any target is gone
   * @returns the version after the change, and the indexes of operations that were dropped because their targets are
   * gone
   * @throws CollabError `malformed`, `patch_failed`, `version_conflict`, `too_large`, `base_too_old`, `target_gone`
   */
  async patchState(
    patch: Patch,
    options: KeyedOptions & {
      readonly ifVersion?: number;
      readonly base?: number;
      readonly strict?: boolean;
    } = {},
  ): Promise<{ version: number; dropped: readonly number[] }> {
    const { ifVersion, base, strict = false } = options;
    const text = toJsonText(patch, "malformed");
    const { version, dropped } = await this.#stub
      .keyed(options.idempotencyKey)
      .call("changeState", {
        kind: "extendedPatch",
        source: { text },
        ifVersion,
        ...(base !== undefined && { base: { version: base, strict } }),
      });
    return { version, dropped };
  }

  /**
   * Call an action of the room's behaviour, with its input, which is optional if the action accepts `{}`, and options.
   * @throws CollabError `unknown_action`, `invalid_payload`, `action_refused`, `action_failed`
   */
  async act<Name extends ActionName<Room>>(
    name: Name,
    ...[payload = {} as InputOf<Room, Name>, options = {}]: CallOf<
      InputOf<Room, Name>,
      KeyedOptions
    >
  ): Promise<{ result: ResultOf<Room, Name>; version: number }> {
    const input = { name, payload: { text: toJsonText(payload, "malformed") } };
    const { result, version } = await this.#stub
      .keyed(options.idempotencyKey)
      .call("callAction", input);
    return { result: JSON.parse(result) as ResultOf<Room, Name>, version };
  }

  /**
   * Record a sign of life for the room, and for a user if one is named.
   * @throws CollabError `user_not_found`, `room_not_running`
   */
  async touch(userId?: string): Promise<void> {
    return this.#stub.call("touch", { userId });
  }

  /** Send an event to every session of the room; it is not stored. */
  async broadcast(
    event: string,
    payload: JsonValue = null,
    options: KeyedOptions = {},
  ): Promise<void> {
    const text = toJsonText(payload, "malformed");
    return this.#stub.keyed(options.idempotencyKey).call("broadcast", { event, payload: { text } });
  }

  /** Everyone's presence, by user id: users with a socket, and those whose presence a server holds. */
  async getPresence(): Promise<PresenceMap> {
    return JSON.parse(await this.#stub.call("getPresence", undefined)) as PresenceMap;
  }

  /**
   * Hold presence for a user in the room, without a socket: for servers and agents.
   * @param data their presence; it replaces what was held before, at most 2 KiB as JSON
   * @param options `ttl`: ms after which it expires unless it is held again; default: 30,000
   * @throws CollabError `user_not_found`, `invalid_presence`, `room_not_running`
   */
  async holdPresence(
    userId: string,
    data: JsonObject,
    options: KeyedOptions & { readonly ttl?: number | undefined } = {},
  ): Promise<void> {
    const { ttl = defaultPresenceTtl } = options;
    const text = toJsonText(data, "invalid_presence");
    return this.#stub
      .keyed(options.idempotencyKey)
      .call("holdPresence", { userId, data: { text }, ttl });
  }

  /**
   * Set what a user's sockets may do, from their next message on. Without `room:read` they are closed.
   * @throws CollabError `user_not_found`, `invalid_request`, `room_not_running`
   */
  async setScopes(
    userId: string,
    scopes: readonly Scope[],
    options: KeyedOptions = {},
  ): Promise<UserEntry> {
    const input = { userId, scopes: checkScopes(scopes) };
    const entry = await this.#stub.keyed(options.idempotencyKey).call("setScopes", input);
    return JSON.parse(entry) as UserEntry;
  }

  /** Whether the room is running. */
  async alive(): Promise<boolean> {
    return this.#stub.call("isAlive", undefined);
  }

  async info(): Promise<RoomInfo> {
    return this.#stub.call("getRoomInfo", undefined);
  }

  /**
   * Stop the room: save it, remove all users, and remove it from the directory.
   * @param options `purge`: drop the stored state too
   * @throws CollabError `save_failed`: the room keeps running and stops when its state is saved
   */
  async stop(options: { readonly purge?: boolean } = {}): Promise<void> {
    return this.#stub.call("stopRoom", { purge: options.purge ?? false });
  }
}

/** The position at which a returning reader resumes. @throws CollabError `invalid_request` */
function resumeOf({ since, epoch }: ChangesOptions): Resume | undefined {
  if (since === undefined && epoch === undefined) return undefined;
  if (Number.isSafeInteger(since) && Number(since) >= 0 && typeof epoch === "string")
    return { since: Number(since), epoch };
  throw new CollabError("invalid_request", {
    detail:
      "since must be a version, a whole number from 0, and epoch a string: give both or neither.",
  });
}

/** Serialize a caller's value as JSON. It is checked here, because serializing may change it. */
function toJsonText(
  value: unknown,
  code: "invalid_user" | "invalid_state" | "invalid_presence" | "malformed",
): string {
  try {
    measure(value, maxDepth);
    return JSON.stringify(value);
  } catch (error) {
    const detail = error instanceof CollabError ? error.info.detail : undefined;
    throw new CollabError(code, detail === undefined ? {} : { detail });
  }
}
