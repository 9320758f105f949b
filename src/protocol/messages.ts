// The messages on a socket, both ways. `docs/PROTOCOL.md` shows each by example. Changing a shape here
// changes the protocol: raise `protocolVersion` with it.

import type { CollabError, ErrorInfo } from "./errors.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Patch } from "./json-patch.ts";
import type { PresenceMap, PresenceUpdate } from "./presence.ts";
import type { Scope } from "./scopes.ts";
import type { UserEntry } from "./users.ts";

export const protocolVersion = 1;

/** What client and room name in `Sec-WebSocket-Protocol`. */
export const subprotocol = `collab-room.v${protocolVersion}`;

/** Names a request of a client, for the reply to name it too: a string of 1 to 64 characters or an integer. */
export type Ref = string | number;

/** Client → room. */
export type ClientMessage =
  /** Change the state: a JSON Patch, or a JSON Merge Patch. */
  | {
      readonly type: "update";
      readonly ref: Ref;
      readonly patch: readonly unknown[];
      readonly ifVersion?: number;
    }
  | {
      readonly type: "update";
      readonly ref: Ref;
      readonly merge: JsonObject;
      readonly ifVersion?: number;
    }
  | {
      readonly type: "action";
      readonly ref: Ref;
      readonly name: string;
      /** `{}` if left out. */
      readonly payload?: JsonValue;
    }
  /** A merge patch on one's own presence. */
  | { readonly type: "presence"; readonly data: JsonObject; readonly ref?: Ref }
  | {
      readonly type: "broadcast";
      readonly event: string;
      /** `null` if left out. */
      readonly payload?: JsonValue;
      readonly ref?: Ref;
      /** Whether the sending session gets it too. */
      readonly echo?: boolean;
    }
  /** A sign of life. */
  | { readonly type: "touch"; readonly ref?: Ref }
  /** End this session, and the membership with the user's last one. */
  | { readonly type: "leave" }
  /** Answers `mark`: everything up to it has arrived. */
  | { readonly type: "ack"; readonly n: number };

export type ClientMessageType = ClientMessage["type"];

/** What a session may do, and how much of it. Bytes are of UTF-8, times ms. */
export type SessionLimits = {
  readonly frameBytes: number;
  readonly messagesPerFrame: number;
  /** Sustained; a second's worth twice over may come at once. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly stateBytes: number;
  readonly stateDepth: number;
  readonly patchOperations: number;
  readonly presenceBytes: number;
  /** Send the text `ping` at least this often. */
  readonly pingInterval: number;
  /** For how long a user whose sockets are gone stays in the room. */
  readonly reconnectGrace: number;
};

type WelcomeBase = {
  readonly type: "welcome";
  /** Room id. */
  readonly room: string;
  readonly epoch: string;
  /** Id of this session, minted by the room. */
  readonly session: string;
  /** The session's user. */
  readonly user: UserEntry;
  /** In join order. */
  readonly users: readonly UserEntry[];
  readonly presence: PresenceMap;
  readonly version: number;
  readonly scopes: readonly Scope[];
  readonly limits: SessionLimits;
};

/** Room → client. */
export type RoomMessage =
  /** Always the first. It may come again: then everything begins anew from it. */
  | (WelcomeBase & { readonly resumed: false; readonly state: JsonObject })
  /** `patch` leads from the version the client named to `version`. */
  | (WelcomeBase & { readonly resumed: true; readonly patch: Patch })
  | {
      readonly type: "change";
      readonly from: number;
      readonly to: number;
      readonly patch: Patch;
    }
  | {
      readonly type: "reply";
      readonly ref: Ref;
      readonly ok: true;
      readonly version?: number;
      readonly result?: JsonValue;
    }
  | ({ readonly type: "reply"; readonly ref: Ref; readonly ok: false } & WireError)
  | {
      readonly type: "users";
      readonly joins?: readonly UserEntry[];
      /** Entries that replace those of the same id; these users go to the end of the join order. */
      readonly updates?: readonly UserEntry[];
      /** User ids. */
      readonly leaves?: readonly string[];
    }
  | {
      readonly type: "presence";
      readonly joins?: PresenceMap;
      readonly updates?: Readonly<Record<string, PresenceUpdate>>;
      /** User ids. */
      readonly leaves?: readonly string[];
    }
  | {
      readonly type: "event";
      readonly event: string;
      readonly payload: JsonValue;
      /** User id of the sender; `null` for an event sent over HTTP or by the Worker. */
      readonly from: string | null;
      /** Session of the sender. */
      readonly session: string | null;
    }
  | { readonly type: "scopes"; readonly scopes: readonly Scope[] }
  /** Answer it with `ack` and its number: a reader that is too far behind is closed. */
  | { readonly type: "mark"; readonly n: number }
  | ({ readonly type: "error" } & WireError);

export type RoomMessageType = RoomMessage["type"];

/** An error as a socket carries it: a row of the error table and what is special about this occurrence. */
export type WireError = Omit<ErrorInfo, "detail"> & {
  /** For the client's developer to read. */
  readonly detail: string;
};

/** The message that reports an error: the reply to a request with a `ref`, else an `error`. */
export function failureMessage(ref: Ref | undefined, { info, message }: CollabError): RoomMessage {
  const { detail = message, ...rest } = info;
  const error = { ...rest, detail };
  return ref === undefined
    ? { type: "error", ...error }
    : { type: "reply", ref, ok: false, ...error };
}
