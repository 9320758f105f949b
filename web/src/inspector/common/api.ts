// The HTTP client of the inspector: requests with the token, and refusals as problems. Types follow the OpenAPI
// document. Nothing here renders.

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
  /** `unreachable` if there was no response. */
  readonly code: string;
  readonly status: number;
  readonly reason: string | undefined;
  readonly issues: readonly { readonly path: string; readonly message: string }[];

  constructor(body: Partial<ProblemBody> & { readonly code: string }) {
    super(body.detail ?? body.title ?? "The service did not respond.");
    this.code = body.code;
    this.status = body.status ?? 0;
    this.reason = body.reason;
    this.issues = body.issues ?? [];
  }
}

export const problemOf = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem({ code: "unreachable", detail: String(error) });

/** Whether a later retry may help: the service is unreachable, failing or rate-limiting. */
export const isPassing = ({ code, status }: Problem): boolean =>
  code === "unreachable" || status === 429 || status >= 500;

export type Ask = {
  readonly method?: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export class Api {
  #token: string | null;
  readonly #askForToken: (problem: Problem) => Promise<string>;
  /** The next token, while the operator is asked for it. */
  #next: Promise<string> | null = null;

  /** @param askForToken called when the service requires a token, or rejects the current one */
  constructor(token: string | null, askForToken: (problem: Problem) => Promise<string>) {
    this.#token = token;
    this.#askForToken = askForToken;
  }

  setToken(token: string): void {
    this.#token = token;
  }

  /** If the service rejects the token, the request is sent again with the next one. @throws Problem */
  async fetch(path: string, ask: Ask = {}): Promise<Response> {
    for (;;) {
      const token = this.#token;
      const response = await this.#send(path, ask, token);
      if (response.ok) return response;
      const problem = await readProblem(response);
      if (response.status !== 401) throw problem;
      ask.signal?.throwIfAborted();
      if (this.#token === token) await this.#replaceToken(problem);
      ask.signal?.throwIfAborted();
    }
  }

  async #replaceToken(problem: Problem): Promise<void> {
    this.#next ??= this.#askForToken(problem);
    this.#token = await this.#next;
    this.#next = null;
  }

  #send(path: string, { method = "GET", body, headers, signal }: Ask, token: string | null) {
    return fetch(path, {
      method,
      cache: "no-store",
      headers: {
        ...((body !== undefined || method === "POST") && { "content-type": "application/json" }),
        ...headers,
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new Problem({ code: "unreachable" });
    });
  }

  /** @throws Problem */
  async json<Value>(path: string, ask: Ask = {}): Promise<Value> {
    return (await (await this.fetch(path, ask)).json()) as Value;
  }

  /** For responses whose body does not matter. @throws Problem */
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
