// The table of error codes, and the error class for them. HTTP and sockets both take status, close code and text from
// here. Texts are fixed; what is specific to an occurrence goes into `detail`. Neither may contain a stack trace, a file
// path or a secret.

type ErrorRow = {
  /** HTTP status. */
  readonly status: number;
  /**
   * WebSocket close code if the error ends a session; absent if it only fails one request.
   * 40xx and 44xx: do not reconnect. 41xx: reconnect with a new token. 42xx: reconnect later.
   */
  readonly close?: number;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** The text for clients: what is wrong and, if it helps, what to do. One or two sentences. */
  readonly text: string;
};

const row = (status: number, text: string, rest: Partial<ErrorRow> = {}): ErrorRow => ({
  status,
  retryable: false,
  text,
  ...rest,
});
const retryable = { retryable: true } as const;

export const errorTable = {
  malformed: row(
    400,
    "The request body is not valid. See `detail`, or the OpenAPI document for what this request accepts.",
  ),
  invalid_request: row(400, "A parameter or an option is not valid. See `detail` or `issues`."),
  invalid_room_id: row(
    400,
    "A room id must be 1 to 256 bytes of UTF-8, without control or invisible characters, and not just one or two dots.",
  ),
  bad_message: row(
    400,
    "The message is not valid. See `detail`, or the protocol documentation for valid messages.",
    { close: 4400 },
  ),
  invalid_presence: row(
    400,
    "Presence must be a JSON object of at most 2 KiB and 16 levels of nesting.",
  ),
  invalid_user: row(
    400,
    "A user must be a JSON object of at most 4 KiB with an `id` of 1 to 128 characters.",
  ),
  unknown_behaviour: row(
    400,
    "No behaviour with this name is deployed. See `detail` for the available names.",
  ),
  token_required: row(
    401,
    "This request needs a token. Send it in the header Authorization, or as a WebSocket subprotocol; in the client, set the option `token`.",
    { close: 4101 },
  ),
  invalid_token: row(401, "The token is not valid. Get a new one.", { close: 4102 }),
  token_expired: row(401, "The token has expired. Get a new one.", { close: 4109 }),
  origin_refused: row(
    403,
    "Pages from this origin may not use this service. To allow them, add the origin to ALLOWED_ORIGINS.",
    { close: 4004 },
  ),
  join_refused: row(403, "The room refused the user. See `reason`."),
  not_authorized: row(403, "The room does not let the user in. See `reason`.", { close: 4000 }),
  forbidden: row(403, "The caller does not have the required scope. See `detail`.", {
    close: 4003,
  }),
  kicked: row(403, "The user was removed from the room. Do not reconnect automatically.", {
    close: 4001,
  }),
  not_found: row(404, "Nothing exists at this URL. See the OpenAPI document for the routes."),
  room_not_running: row(404, "The room is not running. Start it or join it first."),
  user_not_found: row(404, "No user with this id is in the room. The user must join first."),
  room_stopped: row(404, "The room has stopped. Join it to start it again.", { close: 4002 }),
  unknown_action: row(
    404,
    "The room has no action with this name. See `detail` for the available names.",
  ),
  method_not_allowed: row(
    405,
    "This route does not support the method. See the Allow header for the methods it supports.",
  ),
  silent: row(408, "The client sent nothing for too long. Reconnect, and send a ping regularly.", {
    ...retryable,
    close: 4202,
  }),
  too_slow: row(408, "The client acknowledges messages too slowly. Reconnect to resume.", {
    ...retryable,
    close: 4291,
  }),
  room_full: row(
    409,
    "The room is full, or this user has too many sockets. Try again later.",
    retryable,
  ),
  behaviour_conflict: row(
    409,
    "The room has a different behaviour, which guards its state. Name that one, or none.",
  ),
  action_refused: row(409, "The action refused the call. See `reason`."),
  patch_failed: row(
    409,
    "The patch does not apply to the room's state. Read the state and adapt the patch.",
  ),
  base_too_old: row(
    409,
    "The room cannot rebase the patch from its `base` onto the current state. Read the state and create a new patch.",
  ),
  target_gone: row(409, "The target of the patch is gone. Read the state and create a new patch."),
  client_taken: row(
    409,
    "Another user has used this `client` name or idempotency key. Choose a new random one.",
  ),
  request_forgotten: row(
    409,
    "The room no longer knows the outcome of this request. Do not resend it: check the state.",
  ),
  replaced: row(
    503,
    "Another socket of this client has opened. If that was not you, choose another `client` name before you reconnect.",
    { ...retryable, close: 4203 },
  ),
  changes_gone: row(
    410,
    "The changes since this version are no longer kept, or there is no such version. Read the state and continue from there.",
  ),
  version_conflict: row(
    412,
    "The room's state does not have the expected version. Read the state and try again.",
  ),
  too_large: row(413, "A size limit would be exceeded. See `detail`.", { close: 4413 }),
  unsupported_media_type: row(
    415,
    "This request does not accept the content type. See `detail` for the types it accepts.",
  ),
  key_reused: row(
    422,
    "This idempotency key was used for another request. Use a new random key for each request.",
  ),
  invalid_payload: row(422, "The payload does not match the schema of the action. See `issues`."),
  invalid_state: row(
    422,
    "The new state must be a JSON object that contains only JSON values and matches the room's schema. See `issues`.",
  ),
  upgrade_required: row(
    426,
    "This route accepts only WebSockets. Send a GET request with the header Upgrade: websocket.",
  ),
  rate_limited: row(
    429,
    "The client has sent too much in too short a time. Wait `retryAfter` milliseconds and try again.",
    { ...retryable, close: 4290 },
  ),
  hook_failed: row(500, "A hook of the room failed. The log has the cause under `instance`."),
  action_failed: row(500, "The action failed. The log has the cause under `instance`."),
  update_failed: row(500, "The update function failed. The state is unchanged."),
  behaviour_missing: row(
    503,
    "The room's behaviour is no longer deployed. Deploy it again, or, with the scope room:admin, start the room with another behaviour.",
  ),
  internal: row(500, "Something failed unexpectedly. The log has the cause under `instance`."),
  storage_too_new: row(
    503,
    "A newer release wrote this room's storage, and this release cannot read it. Deploy the newer release; nothing was changed.",
  ),
  auth_not_configured: row(
    503,
    "This deployment has no usable authentication. Set AUTH_SECRET, AUTH_JWKS or AUTH_JWKS_URL; if one is set, the log has `auth_misconfigured` with the reason.",
  ),
  auth_unavailable: row(503, "The keys for tokens cannot be fetched. Try again later.", retryable),
  load_failed: row(503, "The room's state could not be loaded. Try again later.", retryable),
  save_failed: row(
    503,
    "The room's state could not be saved. The room keeps running and stops after a successful save.",
    retryable,
  ),
  room_busy: row(
    503,
    "The room could not start this operation in time, and nothing has changed. Try again.",
    retryable,
  ),
  hook_unavailable: row(
    503,
    "A hook or action of the room keeps timing out, so the room has paused calls to it. Try again later.",
    retryable,
  ),
  reentrant_call: row(
    409,
    "A hook or action has called its own room, which would deadlock. Use what the hook is given instead.",
  ),
  room_overloaded: row(
    503,
    "Too many operations are waiting in the room. Try again later.",
    retryable,
  ),
  room_unavailable: row(503, "The room cannot be reached. Try again later.", retryable),
  directory_unavailable: row(503, "The directory cannot be reached. Try again later.", retryable),
  commit_failed: row(
    503,
    "The change could not be stored and was discarded. Try again.",
    retryable,
  ),
  session_lost: row(503, "The room no longer knows this session. Reconnect.", {
    ...retryable,
    close: 4201,
  }),
  call_timeout: row(
    504,
    "A hook, action or update function of the room took too long. Try again later.",
    retryable,
  ),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/**
 * The close code of a socket that ends with an error. For errors without one in the table: do not reconnect (4000),
 * reconnect with a new token (4100), reconnect later (4200), or the client is at fault (4400).
 */
export function closeCodeOf(code: ErrorCode): number {
  const found: ErrorRow = errorTable[code];
  const { status, close } = found;
  if (close !== undefined) return close;
  if (found.retryable || status >= 500) return 4200;
  if (status === 401) return 4100;
  return status === 400 || status === 413 || status === 422 ? 4400 : 4000;
}

/** One problem with an input: its dotted path, empty for the whole input, and a message. */
export type Issue = { readonly path: string; readonly message: string };

/** A code from the table and the details of one occurrence. Plain data, so that it can be passed over RPC. */
export type ErrorInfo = {
  readonly code: ErrorCode;
  /** An explanation of this occurrence, for the developer of the client. */
  readonly detail?: string;
  /** The reason that a hook or an action returned for its refusal. */
  readonly reason?: string;
  /** ms after which the same request will be accepted. */
  readonly retryAfter?: number;
  /** The individual problems with an input. */
  readonly issues?: readonly Issue[];
  /** Id of the log entry that has the cause. */
  readonly instance?: string;
};

/** The outcome of an operation as plain data: `{ ok }` or `{ error }`. */
export type Result<T> = { readonly ok: T } | { readonly error: ErrorInfo };

/**
 * An expected failure: every error that the public API throws on purpose. `message` is `detail` if there is
 * one, otherwise the text from the table.
 * @example
 * ```ts
 * try {
 *   await room.join({ id: "ada" });
 * } catch (error) {
 *   if (error instanceof CollabError && error.code === "room_full") return "Try again later.";
 *   throw error;
 * }
 * ```
 */
export class CollabError extends Error {
  override readonly name = "CollabError";
  readonly info: ErrorInfo;

  constructor(code: ErrorCode, more: Omit<ErrorInfo, "code"> = {}, options?: ErrorOptions) {
    super(more.detail ?? errorTable[code].text, options);
    this.info = { code, ...more };
  }

  /** The code in the error table. */
  get code(): ErrorCode {
    return this.info.code;
  }

  /** The HTTP status of the code. */
  get status(): number {
    return errorTable[this.info.code].status;
  }

  /** Whether the same call may succeed later without a change. */
  get retryable(): boolean {
    return errorTable[this.info.code].retryable;
  }

  /** The reason that a hook or an action returned for its refusal, if this is one. */
  get reason(): string | undefined {
    return this.info.reason;
  }
}

/** Return the value of a result, or throw its error. */
export function unwrap<T>(result: Result<T>): T {
  if ("ok" in result) return result.ok;
  const { code, ...more } = result.error;
  throw new CollabError(code, more);
}
