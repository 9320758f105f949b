// The one table of everything that can go wrong, and the error that carries a row of it.
// A row's text is fixed: what is specific goes into `detail`, which must never hold a stack,
// a path of the machine or a secret. HTTP and sockets both read their codes from here.

type ErrorRow = {
  /** HTTP status. */
  readonly status: number;
  /**
   * WebSocket close code where the error ends a session; absent where it only fails one message.
   * 40xx and 44xx: do not come back. 41xx: come back with a new token. 42xx: come back, a little later.
   */
  readonly close?: number;
  /** Whether the same call may succeed later without being changed. */
  readonly retryable: boolean;
  /** The sentence a client sees. */
  readonly text: string;
};

const row = (status: number, text: string, rest: Partial<ErrorRow> = {}): ErrorRow => ({
  status,
  retryable: false,
  text,
  ...rest,
});
const later = { retryable: true } as const;

export const errorTable = {
  malformed: row(400, "The body is not what this request takes."),
  invalid_request: row(400, "A parameter or option is not valid."),
  invalid_room_id: row(400, "A room id is 1 to 256 bytes of UTF-8 without control characters."),
  bad_message: row(400, "This is no message of the protocol.", { close: 4400 }),
  invalid_presence: row(400, "Presence is a JSON object of at most 2 KiB."),
  invalid_user: row(400, "A user needs an id of 1 to 128 characters and at most 4 KiB of JSON."),
  unknown_behaviour: row(400, "No behaviour of that name is deployed."),
  join_refused: row(403, "The room refused this user."),
  forbidden: row(403, "The session lacks the scope that this needs.", { close: 4003 }),
  kicked: row(403, "The user was taken out of the room.", { close: 4001 }),
  not_found: row(404, "There is nothing at this address. The OpenAPI document says what there is."),
  room_not_running: row(404, "The room is not running. Start it, or join it."),
  user_not_found: row(404, "No user of that id is in the room."),
  room_stopped: row(404, "The room has stopped.", { close: 4002 }),
  unknown_action: row(404, "The room has no action of that name."),
  method_not_allowed: row(405, "This address does not take that method."),
  silent: row(408, "The socket has given no sign of life.", { ...later, close: 4202 }),
  too_slow: row(408, "The session reads more slowly than the room sends.", {
    ...later,
    close: 4291,
  }),
  room_full: row(409, "The room is full."),
  action_refused: row(409, "The action was refused."),
  patch_failed: row(409, "The patch does not apply to the room's state."),
  version_conflict: row(412, "The room's state has another version."),
  too_large: row(413, "A size limit would be passed."),
  unsupported_media_type: row(415, "The body has a content type that this request does not take."),
  invalid_payload: row(422, "The action does not take this payload."),
  invalid_state: row(422, "The next state is not a JSON object."),
  upgrade_required: row(426, "This address is for WebSockets: send an Upgrade request."),
  rate_limited: row(429, "Too many messages, or too many bytes.", { ...later, close: 4290 }),
  hook_failed: row(500, "A hook of the room failed."),
  action_failed: row(500, "The action failed."),
  update_failed: row(500, "The update function failed."),
  behaviour_missing: row(503, "The room's behaviour is no longer deployed."),
  internal: row(500, "Something went wrong on our side."),
  storage_too_new: row(
    503,
    "A newer release has written this room's storage, and this release cannot read it. Nothing was changed.",
  ),
  auth_not_configured: row(
    503,
    "This deployment has no authentication configured. Set it up, or set AUTH_MODE=open to serve everybody.",
  ),
  load_failed: row(503, "The room's state could not be loaded.", later),
  save_failed: row(
    503,
    "The room's state could not be saved; the room runs on until it is.",
    later,
  ),
  room_overloaded: row(503, "Too many calls are waiting for the room.", later),
  room_unavailable: row(503, "The room cannot be reached just now.", later),
  directory_unavailable: row(503, "The directory cannot be reached just now.", later),
  commit_failed: row(503, "The change could not be written; nothing of it was kept.", later),
  session_lost: row(503, "The room no longer knows this session.", { ...later, close: 4201 }),
  call_timeout: row(504, "The room's own code took too long.", later),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** One thing wrong with an input: where, and what. */
export type Issue = { readonly path: string; readonly message: string };

/** What an error says beyond its code. Plain data: it crosses RPC as it is. */
export type ErrorInfo = {
  readonly code: ErrorCode;
  /** This occurrence, for the client to read. */
  readonly detail?: string;
  /** The reason a behaviour gave for refusing. */
  readonly reason?: string;
  /** ms after which the same message is taken again. */
  readonly retryAfter?: number;
  /** The inputs that were wrong, one by one. */
  readonly issues?: readonly Issue[];
  /** The id under which the details stand in the log. */
  readonly instance?: string;
};

/** The outcome of an operation as plain data: `{ ok }` or `{ error }`. */
export type Result<T> = { readonly ok: T } | { readonly error: ErrorInfo };

/** An expected failure: a code of the table, and what is specific to this occurrence. */
export class CollabError extends Error {
  override readonly name = "CollabError";
  readonly info: ErrorInfo;

  constructor(code: ErrorCode, more: Omit<ErrorInfo, "code"> = {}, options?: ErrorOptions) {
    super(more.detail ?? errorTable[code].text, options);
    this.info = { code, ...more };
  }

  get code(): ErrorCode {
    return this.info.code;
  }

  get status(): number {
    return errorTable[this.info.code].status;
  }

  get retryable(): boolean {
    return errorTable[this.info.code].retryable;
  }

  /** The reason a behaviour gave for refusing, where there is one. */
  get reason(): string | undefined {
    return this.info.reason;
  }
}

/** Turn a result into its value, or throw its error. */
export function unwrap<T>(result: Result<T>): T {
  if ("ok" in result) return result.ok;
  const { code, ...more } = result.error;
  throw new CollabError(code, more);
}
