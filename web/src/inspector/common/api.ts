// The service as the inspector asks it: HTTP with the token, and what it refuses as problems. The shapes are those of
// the OpenAPI document. Nothing here draws.

import type * as z from "zod";
import type * as responses from "../../../../src/http/response-schemas.ts";

export type RoomInfo = z.output<typeof responses.roomInfo>;
export type RoomPage = z.output<typeof responses.roomPage>;
export type UserPage = z.output<typeof responses.userPage>;
export type UserEntry = z.output<typeof responses.userEntry>;
export type UserInfo = z.output<typeof responses.userInfo>;
export type PresenceMap = z.output<typeof responses.presenceMap>;
export type ActionAnswer = z.output<typeof responses.actionResponse>;
export type {
  ActionInfo,
  ActionList,
  JournalPage,
  JournalRow,
  KickInfo,
  PastState,
  Reason,
  RoomInspection,
  SessionInspection,
  TracedClose,
  TracedDrop,
  TracedFrame,
  UserInspection,
  UserInspectionPage,
} from "../../../../src/protocol/inspection.ts";
type ProblemBody = z.output<typeof responses.problem>;

/** Why a request was refused. */
export class Problem extends Error {
  /** `unreachable` if there was no answer. */
  readonly code: string;
  readonly status: number;
  readonly reason: string | undefined;
  readonly issues: readonly { readonly path: string; readonly message: string }[];

  constructor(body: Partial<ProblemBody> & { readonly code: string }) {
    super(body.detail ?? body.title ?? "The service did not answer.");
    this.code = body.code;
    this.status = body.status ?? 0;
    this.reason = body.reason;
    this.issues = body.issues ?? [];
  }
}

export const problemOf = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem({ code: "unreachable", detail: String(error) });

export type Ask = {
  readonly method?: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export class Api {
  readonly #token: string | null;
  readonly #onRefused: (problem: Problem) => void;

  /** @param onRefused is told when the service asks for a token, or for another one */
  constructor(token: string | null, onRefused: (problem: Problem) => void) {
    this.#token = token;
    this.#onRefused = onRefused;
  }

  get hasToken(): boolean {
    return this.#token !== null;
  }

  /** @throws Problem */
  async fetch(path: string, { method = "GET", body, headers, signal }: Ask = {}) {
    const response = await fetch(path, {
      method,
      cache: "no-store",
      headers: {
        ...((body !== undefined || method === "POST") && { "content-type": "application/json" }),
        ...headers,
        ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new Problem({ code: "unreachable" });
    });
    if (response.ok) return response;
    const problem = await readProblem(response);
    if (response.status === 401) this.#onRefused(problem);
    throw problem;
  }

  /** @throws Problem */
  async json<Value>(path: string, ask: Ask = {}): Promise<Value> {
    return (await (await this.fetch(path, ask)).json()) as Value;
  }

  /** For answers that say nothing more. @throws Problem */
  async done(path: string, ask: Ask): Promise<void> {
    await (await this.fetch(path, ask)).body?.cancel();
  }
}

async function readProblem(response: Response): Promise<Problem> {
  const { status, statusText } = response;
  try {
    return new Problem((await response.json()) as ProblemBody);
  } catch {
    return new Problem({ code: "unreadable", status, title: `${status} ${statusText}` });
  }
}

export const roomPath = (id: string, rest = ""): string =>
  `/rooms/${encodeURIComponent(id)}${rest}`;
export const userPath = (room: string, user: string): string =>
  roomPath(room, `/users/${encodeURIComponent(user)}`);
