// A client that names itself and numbers its requests, as docs/PROTOCOL.md says under "Sending again": it keeps each
// request until it has a final reply, and sends all of them again whenever it comes back.

import { errorTable } from "../../src/protocol/errors.ts";
import type { ClientMessage } from "../../src/protocol/messages.ts";
import type { Known } from "./replica.ts";
import type { Reply, TestSession } from "./session.ts";

type WithoutIds<T> = T extends unknown ? Omit<T, "ref" | "seq"> : never;
type Numbered = WithoutIds<Extract<ClientMessage, { type: "update" | "action" }>>;

export class NumberedClient {
  readonly #dial: (known: Known | undefined) => Promise<TestSession>;
  readonly #pending = new Map<number, Numbered>();
  readonly #replies = new Map<number, Reply[]>();
  #session: TestSession | null = null;
  #isLost = true;
  #nextSeq = 1;

  /** @param dial opens a socket that names this client */
  constructor(dial: (known: Known | undefined) => Promise<TestSession>) {
    this.#dial = dial;
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

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Open a socket, and send again what has no reply. @throws Error if the room cannot know what it has done */
  async come(): Promise<void> {
    const session = await this.#dial(this.#session ?? undefined);
    this.#session = session;
    this.#isLost = false;
    void session.closed.then(() => {
      if (this.#session === session) this.#isLost = true;
    });
    if (typeof session.welcome.seq !== "number")
      throw new Error(`${session.name} is told ${session.welcome.seq} of its requests`);
    for (const [seq, request] of this.#pending) this.#send(session, seq, request);
  }

  /** Cut the line. */
  cut(): void {
    this.#session?.hangUp();
    this.#isLost = true;
  }

  /** Come back as often as it takes, until every request has a final reply. */
  async finish(): Promise<void> {
    while (this.hasPending) {
      if (this.#isLost) await this.come().catch(() => {});
      await new Promise(setImmediate);
    }
  }

  #send(session: TestSession, seq: number, request: Numbered): void {
    session.ask({ ...request, seq }).then(
      (reply) => this.#answered(session, seq, request, reply),
      () => {}, // the socket has closed before
    );
  }

  #answered(session: TestSession, seq: number, request: Numbered, reply: Reply): void {
    if (!reply.ok && (errorTable[reply.code].retryable || errorTable[reply.code].status >= 500)) {
      if (session === this.#session && !this.#isLost && this.#pending.has(seq))
        this.#send(session, seq, request);
      return;
    }
    this.#pending.delete(seq);
    this.#replies.set(seq, [...this.repliesTo(seq), reply]);
  }
}
