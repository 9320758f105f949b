// A client that names itself and numbers its requests, as docs/PROTOCOL.md says under "Resending requests": it keeps each
// request until it has a final reply, and sends all of them again whenever it comes back.

import { errorTable } from "../../src/protocol/errors.ts";
import type { ClientMessage } from "../../src/protocol/messages.ts";
import type { ClientSession, Reply } from "./client-session.ts";
import type { Known } from "./replica.ts";

type WithoutIds<T> = T extends unknown ? Omit<T, "ref" | "seq"> : never;
export type Numbered = WithoutIds<Extract<ClientMessage, { type: "update" | "action" }>>;

/** The room no longer knows what it has done for this client. */
export class ForgottenError extends Error {
  constructor({ name, welcome }: ClientSession) {
    super(`${name} is told ${welcome.seq} of its requests`);
  }
}

export class NumberedClient {
  readonly #dial: (known: Known | undefined) => Promise<ClientSession>;
  readonly #onReply: (seq: number, reply: Reply, session: ClientSession) => void;
  readonly #pending = new Map<number, Numbered>();
  readonly #replies = new Map<number, Reply[]>();
  #session: ClientSession | null = null;
  #isLost = true;
  #nextSeq = 1;
  #news = Promise.withResolvers<void>();

  /**
   * @param dial opens a socket that names this client
   * @param onReply is told of each final reply
   */
  constructor(
    dial: (known: Known | undefined) => Promise<ClientSession>,
    onReply: (seq: number, reply: Reply, session: ClientSession) => void = () => {},
  ) {
    this.#dial = dial;
    this.#onReply = onReply;
  }

  /** Send a request, now or when it comes back. @returns its number */
  request(request: Numbered): number {
    const seq = this.#nextSeq++;
    this.#pending.set(seq, request);
    if (this.#session !== null && !this.#isLost) this.#send(this.#session, seq, request);
    return seq;
  }

  /** Every final reply to a request. */
  repliesTo(seq: number): readonly Reply[] {
    return this.#replies.get(seq) ?? [];
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** The present session, or the last one. */
  get session(): ClientSession | null {
    return this.#session;
  }

  /** How many requests have no final reply. */
  get pending(): number {
    return this.#pending.size;
  }

  /** The next final reply, or the end of the session. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  /**
   * Open a socket, and send again what has no reply.
   * @throws ForgottenError if the room cannot know what it has done; the socket is open, and nothing is sent again
   */
  async come(): Promise<void> {
    const session = await this.#dial(this.#session ?? undefined);
    this.#session = session;
    this.#isLost = false;
    void session.closed.then(() => {
      if (this.#session !== session) return;
      this.#isLost = true;
      this.#tell();
    });
    if (typeof session.welcome.seq !== "number") throw new ForgottenError(session);
    for (const [seq, request] of this.#pending) this.#send(session, seq, request);
  }

  /** Wait no longer for any reply: nobody knows what became of these requests. */
  giveUp(): void {
    this.#pending.clear();
  }

  /** Cut the line. */
  cut(): void {
    this.#session?.hangUp();
    this.#isLost = true;
    this.#tell();
  }

  /**
   * Come back as often as it takes, until every request has a final reply.
   * @throws ForgottenError
   */
  async finish(): Promise<void> {
    while (this.pending > 0) {
      if (!this.#isLost) {
        await this.news;
        continue;
      }
      try {
        await this.come();
      } catch (error) {
        if (error instanceof ForgottenError) throw error;
        await new Promise(setImmediate);
      }
    }
  }

  #send(session: ClientSession, seq: number, request: Numbered): void {
    session.ask({ ...request, seq }).then(
      (reply) => this.#answered(session, seq, request, reply),
      () => {}, // the socket has closed before
    );
  }

  #answered(session: ClientSession, seq: number, request: Numbered, reply: Reply): void {
    if (!reply.ok && (errorTable[reply.code].retryable || errorTable[reply.code].status >= 500)) {
      if (session === this.#session && !this.#isLost && this.#pending.has(seq))
        this.#send(session, seq, request);
      return;
    }
    this.#pending.delete(seq);
    this.#replies.set(seq, [...this.repliesTo(seq), reply]);
    this.#onReply(seq, reply, session);
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
