// What an inspector page asks of one room, over HTTP: each method is one request, with the types of the protocol. It keeps
// nothing and shows nothing. The scope `room:admin` is the server's to check.

import type {
  ActionList,
  JournalPage,
  KickInfo,
  PastState,
  RoomInspection,
  TraceFilter,
  UserInspectionPage,
} from "../protocol/inspection.ts";
import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { Patch } from "../protocol/json-patch.ts";
import type { Scope } from "../protocol/scopes.ts";
import { readTrace, type TraceEvent } from "./trace-reader.ts";

export type RoomAdminOptions = {
  /** Where the app is mounted, such as `https://example.com/collab`. */
  readonly url: string;
  readonly room: string;
  /** A token for each request; left out where there are none. */
  token?(): string | Promise<string>;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
};

/** The state, and the entity tag to change it by. */
export type TaggedState = { readonly state: JsonObject; readonly tag: string };

/** A request was refused. */
export class AdminError extends Error {
  override readonly name = "AdminError";
  readonly status: number;
  /** Of the table of errors; empty if what has answered is no room, such as a proxy. */
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

type Sent = {
  readonly query?: Query;
  readonly json?: unknown;
  /** Of the JSON. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
};

export class RoomAdmin {
  readonly #options: RoomAdminOptions;

  constructor(options: RoomAdminOptions) {
    this.#options = options;
  }

  /** What the room does, and why it is awake. */
  inspect(): Promise<RoomInspection> {
    return this.#get("/inspect");
  }

  users(
    query: { user?: string; cursor?: string; limit?: number } = {},
  ): Promise<UserInspectionPage> {
    return this.#get("/inspect/users", query);
  }

  async kicked(): Promise<readonly KickInfo[]> {
    return (await this.#get<{ kicked: readonly KickInfo[] }>("/kicked")).kicked;
  }

  actions(): Promise<ActionList> {
    return this.#get("/actions");
  }

  /** @param query `upTo`: the `next` of the page before */
  journal(query: { upTo?: number; limit?: number } = {}): Promise<JournalPage> {
    return this.#get("/journal", query);
  }

  /** The state as it was. @throws AdminError `changes_gone` */
  stateAt(version: number): Promise<PastState> {
    return this.#get(`/journal/${version}`);
  }

  async state(): Promise<TaggedState> {
    const response = await this.#send("GET", "/state");
    const state: JsonObject = await response.json();
    return { state, tag: response.headers.get("etag") ?? "" };
  }

  /**
   * Change the state, unless it has changed since it was read.
   * @param tag of the state that the patch was made on
   * @throws AdminError `version_conflict`
   */
  async patch(patch: Patch, tag: string): Promise<{ version: number }> {
    const type = "application/vnd.collab-room.patch+json";
    return this.#json("PATCH", "/state", { json: patch, type, headers: { "if-match": tag } });
  }

  act(name: string, payload: JsonValue): Promise<{ result: JsonValue; version: number }> {
    return this.#json("POST", `/actions/${encodeURIComponent(name)}`, { json: payload });
  }

  async broadcast(event: string, payload: JsonValue = null): Promise<void> {
    await this.#send("POST", "/broadcast", { json: { event, payload } });
  }

  async setScopes(userId: string, scopes: readonly Scope[]): Promise<void> {
    await this.#send("PATCH", userPath(userId), { json: { scopes } });
  }

  /** Remove a user, who may come back at once. */
  async remove(userId: string): Promise<void> {
    await this.#send("DELETE", userPath(userId));
  }

  /** Remove a user, and keep them out. @param seconds 0 lets them in again; left out, as rule A9 says */
  async kick(userId: string, seconds?: number): Promise<void> {
    await this.#send("DELETE", userPath(userId), { query: { kick: "true", for: seconds } });
  }

  /** Put the idle stop off. */
  async touch(): Promise<void> {
    await this.#send("POST", "/touch", { json: {} });
  }

  /** Stop the room; it keeps its state. */
  async stop(): Promise<void> {
    await this.#send("DELETE", "");
  }

  /** Stop the room, if it runs, and delete its state. */
  async purge(): Promise<void> {
    await this.#send("DELETE", "", { query: { purge: "true" } });
  }

  /** The frames of the room, as they pass, until the room stops or the signal aborts. */
  async *trace(filter: TraceFilter = {}, signal?: AbortSignal): AsyncGenerator<TraceEvent, void> {
    const { body } = await this.#send("GET", "/trace", { query: filter, signal });
    if (body !== null) yield* readTrace(body);
  }

  #get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json("GET", path, { query });
  }

  async #json<T>(method: string, path: string, sent: Sent): Promise<T> {
    return (await this.#send(method, path, sent)).json<T>();
  }

  /** @throws AdminError */
  async #send(method: string, path: string, sent: Sent = {}): Promise<Response> {
    const { url, room, token, fetch: send = fetch } = this.#options;
    const { query = {}, json, type = "application/json", headers, signal } = sent;
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    const target = `${url}/rooms/${encodeURIComponent(room)}${path}${given.length > 0 ? `?${search}` : ""}`;
    const response = await send(target, {
      method,
      headers: {
        ...headers,
        ...(token && { authorization: `Bearer ${await token()}` }),
        ...(json !== undefined && { "content-type": type }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    throw await refusalOf(response);
  }
}

const userPath = (userId: string): string => `/users/${encodeURIComponent(userId)}`;

async function refusalOf(response: Response): Promise<AdminError> {
  const { status } = response;
  try {
    const problem = await response.json<Partial<Record<"code" | "detail" | "title", string>>>();
    const { code = "", detail, title } = problem;
    return new AdminError(status, code, detail ?? title ?? `The answer was ${status}.`);
  } catch {
    return new AdminError(status, "", `The answer was ${status}.`);
  }
}
