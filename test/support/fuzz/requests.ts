// The numbered requests of a client under fuzz (rule X1): it keeps each until it is answered, and sends what is left
// again whenever it comes back. So each counts once, whatever has happened to its first answer.

import type { ClientMessage } from "../../../src/protocol/messages.ts";
import type { Reply, TestSession } from "../session.ts";
import type { FuzzState } from "./edits.ts";
import type { Write } from "./history.ts";
import type { FuzzRoom } from "./room.ts";

export type Numbered = Extract<ClientMessage, { type: "update" | "action" }>;

export type Asked = { readonly message: Numbered; readonly write: Write };

export class Requests {
  readonly #room: FuzzRoom;
  /** By number, in order. */
  readonly #open = new Map<number, Asked>();
  #next = 1;

  constructor(room: FuzzRoom) {
    this.#room = room;
  }

  /** Number a request. @returns the message to send */
  add({ message, write }: Asked): Numbered {
    const seq = this.#next++;
    const numbered = { ...message, seq };
    this.#open.set(seq, { message: numbered, write });
    return numbered;
  }

  /** A new session was welcomed: what the room says of the requests must fit its state. @returns what to send again */
  afterWelcome({ name, welcome, state }: TestSession): readonly Numbered[] {
    const { seq: reached, refused = [], missing = [] } = welcome;
    if (reached === undefined) {
      this.#room.problem(`${name} is told nothing of its requests`);
      return [];
    }
    if (reached === null) {
      this.#room.count("forgotten");
      for (const { write } of this.#open.values()) write.unknown();
      this.#open.clear();
      return [];
    }
    const { kept } = state as FuzzState;
    for (const [seq, { write }] of this.#open) {
      const isTold = seq <= reached && !refused.includes(seq) && !missing.includes(seq);
      // Only where snapshots cut the journal short may the room have forgotten which it was.
      if (isTold !== (kept[write.token] === true) && !this.#room.isBulky)
        this.#room.problem(
          `${name} is told that ${write.token} is ${isTold ? "" : "not "}done, and is welcomed ${isTold ? "without" : "with"} it`,
        );
    }
    return Array.from(this.#open.values(), ({ message }) => message);
  }

  /**
   * Wait for the answer to a request on a session. If that ends first, the request waits for the next one.
   * @param isOver whether the session has ended
   */
  expectAnswer(session: TestSession, { seq = 0, ref }: Numbered, isOver: () => boolean): void {
    const asked = this.#open.get(seq);
    if (asked === undefined) return;
    const reply = session.next("reply", (message) => message.ref === ref);
    this.#room.begin(
      asked.write.token,
      reply.then((message) => this.#answered(seq, asked.write, message)),
      isOver,
    );
  }

  #answered(seq: number, write: Write, reply: Reply): void {
    this.#open.delete(seq);
    if (reply.ok) {
      if (reply.version === undefined) return this.#room.problem(`${write.token}: ok, no version`);
      if (reply.result !== undefined && reply.result !== write.token)
        this.#room.problem(`${write.token} has the result ${JSON.stringify(reply.result)}`);
      return this.#room.answered(write, { version: reply.version });
    }
    // Only where snapshots cut the journal short may an answer be gone.
    if (reply.code === "request_forgotten" && this.#room.isBulky) return write.unknown();
    this.#room.answered(write, reply);
  }
}
