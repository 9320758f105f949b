// Writes errors as problems (RFC 9457). No other file writes them, so none can contain a stack trace or a secret.

import { CollabError, errorTable, type ErrorCode, type ErrorInfo } from "../protocol/errors.ts";
import { createLog, describe } from "../room/log.ts";

export const problemType = "application/problem+json";

/** A problem as it is sent. `detail`, `reason`, `issues` and `instance` are optional. */
export type Problem = Omit<ErrorInfo, "instance"> & {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** URN of this occurrence. The log has the cause under the same UUID. */
  readonly instance?: string;
};

/** An error whose response has additional headers. */
export class HttpError extends CollabError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, detail: string | null, headers: Readonly<Record<string, string>>) {
    super(code, detail === null ? {} : { detail });
    this.headers = headers;
  }
}

/** Convert an error to a problem. */
export function problemOf({ code, instance, ...rest }: ErrorInfo): Problem {
  const { status, text } = errorTable[code];
  return {
    type: `urn:collab-room:${code}`,
    title: text,
    status,
    code,
    ...rest,
    ...(instance !== undefined && { instance: `urn:uuid:${instance}` }),
  };
}

/** Create the response to a thrown value. Anything but a CollabError is logged and becomes `internal`. */
export function problemResponse(error: unknown, requestId: string): Response {
  const info = error instanceof CollabError ? error.info : unexpected(error, requestId);
  const { status, retryable } = errorTable[info.code];
  return Response.json(problemOf(info), {
    status,
    headers: {
      "content-type": problemType,
      "cache-control": "no-store",
      ...(retryable && { "retry-after": String(Math.ceil((info.retryAfter ?? 1000) / 1000)) }),
      ...(status === 401 && { "www-authenticate": challengeOf(info) }),
      ...(info.code === "upgrade_required" && { upgrade: "websocket", connection: "upgrade" }),
      ...(error instanceof HttpError && error.headers),
    },
  });
}

/** The value of `WWW-Authenticate` (RFC 6750, section 3). */
const challengeOf = ({ code }: ErrorInfo): string =>
  `Bearer realm="collab-room"${code === "token_required" ? "" : `, error="invalid_token", error_description="${errorTable[code].text}"`}`;

function unexpected(error: unknown, request: string): ErrorInfo {
  const instance = crypto.randomUUID();
  createLog()("internal", { instance, request, error: describe(error) });
  return { code: "internal", instance };
}
