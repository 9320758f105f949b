// A server that is killed and started again over the same storage, and the requests to it.

import { errorTable } from "../../../src/protocol/errors.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { ClientSession, type Closing } from "../client-session.ts";
import { openSession, RefusedError, type ConnectOptions } from "../dial.ts";
import { outsideDial } from "../outside-dial.ts";
import { startServer, type Server } from "../server.ts";

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly json: JsonObject;
};

type Request = {
  readonly body?: unknown;
  readonly type?: string;
  readonly key?: string;
};

/** ms that a server may take to answer. */
const answerTimeout = 60_000;

export class Service {
  /** What went wrong. */
  readonly wrong: string[] = [];
  readonly #folder: string;
  readonly #sessions = new Set<ClientSession>();
  #server: Server | null = null;
  #isUp = false;

  /** @param folder keeps the storage */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** False from just before a kill until the server has started again: then requests may break off. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Process id of the server. */
  get pid(): number {
    return this.#running.pid;
  }

  async start(): Promise<void> {
    this.#server = await startServer({
      main: "test/fixtures/chaos-worker.ts",
      vars: { AUTH_MODE: "open" },
      persistTo: this.#folder,
    });
    this.#isUp = true;
  }

  async kill(): Promise<void> {
    this.#isUp = false;
    await this.#running.kill();
    await Promise.all([...this.#sessions].map(({ closed }) => closed));
  }

  async stop(): Promise<void> {
    this.#isUp = false;
    for (const session of this.#sessions) session.hangUp();
    await Promise.all([...this.#sessions].map(({ closed }) => closed));
    await this.#server?.stop();
  }

  /**
   * Make a request, which may be carried out twice without harm.
   * @returns null if the server was killed before the whole answer came
   */
  async ask(method: string, path: string, request: Request = {}): Promise<Answer | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#fetch(method, path, request);
      } catch (error) {
        if (!this.#isUp) return null;
        // The server may close a connection that was kept alive just as a request comes by it.
        if (attempt < 2) continue;
        this.wrong.push(`${method} ${path} broke off: ${String(error)}`);
        return null;
      }
    }
  }

  async #fetch(method: string, path: string, { body, key, type }: Request): Promise<Answer> {
    const response = await fetch(this.#running.directUrl + path, {
      method,
      headers: {
        ...(body !== undefined && { "content-type": type ?? "application/json" }),
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerTimeout),
    });
    const text = await response.text();
    const json = (text === "" ? {} : JSON.parse(text)) as JsonObject;
    return { status: response.status, headers: response.headers, json };
  }

  /** Note an answer that nobody should get. */
  unexpected(request: string, { status, json }: Answer): void {
    this.wrong.push(`${request} was answered with ${status}: ${JSON.stringify(json)}`);
  }

  /**
   * Open a session. It may be closed because its room stops.
   * @returns null if the server was killed, or the room has stopped, before the welcome came
   */
  async connect(
    room: string,
    user: JsonObject,
    options: ConnectOptions = {},
  ): Promise<ClientSession | null> {
    const session = new ClientSession(`${String(user["id"])} in ${room}`, {
      ...options,
      patience: answerTimeout,
    });
    let closing: Closing | null = null;
    void session.closed.then((how) => {
      closing = how;
      this.#closed(session, how);
    });
    try {
      const dial = outsideDial(() => this.#running.directUrl);
      await openSession(dial, session, room, user, options);
      if (closing === null) this.#sessions.add(session);
      return session;
    } catch (error) {
      session.hangUp();
      const code = error instanceof RefusedError ? error.code : undefined;
      const isRetryable = code !== undefined && errorTable[code].retryable;
      if (this.#isUp && closing === null && !isRetryable) this.wrong.push(String(error));
      return null;
    }
  }

  #closed(session: ClientSession, { code, reason }: Closing): void {
    this.#sessions.delete(session);
    this.wrong.push(...session.problems);
    const isExpected = session.isClosing || endings.has(code);
    if (this.#isUp && !isExpected)
      this.wrong.push(`${session.name} was closed with ${code} ${reason}`);
  }

  get #running(): Server {
    if (this.#server === null) throw new Error("the server has not started");
    return this.#server;
  }
}

/** Close codes of a room that has stopped, and of a client that has left. */
const endings = new Set([4002, 1000]);
