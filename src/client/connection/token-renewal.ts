// Keeps an open session's token fresh (rule A8): it sends a new one well before the old one ends, and tries again if
// that fails. It is of one socket, and never ends it: the room does, when the time has come.

import type { RoomMessage } from "../../protocol/messages.ts";
import type { Environment } from "../environment.ts";

export type TokenFunction = () => string | Promise<string>;

type Reply = Extract<RoomMessage, { type: "reply" }>;

/** The prefix of the refs of renewals. Other requests use numbers. */
const refPrefix = "token-";

/** ms to the next try if the room's clock and this one disagree so much that the token seems to have ended. */
const blindWait = 30_000;

/**
 * Ask for a token.
 * @throws TypeError for what cannot be sent as one; what `ask` throws
 */
export async function freshToken(ask: TokenFunction): Promise<string> {
  const token: unknown = await ask();
  // Other characters cannot be in a subprotocol.
  if (typeof token === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(token)) return token;
  throw new TypeError("it must give a token as a string, and this is none");
}

export class TokenRenewal {
  readonly #environment: Environment;
  readonly #ask: TokenFunction;
  readonly #send: (text: string) => void;
  #refs = 0;
  #cancel = (): void => {};

  constructor(environment: Environment, ask: TokenFunction, send: (text: string) => void) {
    this.#environment = environment;
    this.#ask = ask;
    this.#send = send;
  }

  /** Renew before a time, ISO 8601 in UTC. There is nothing to renew without one. */
  before(expiresAt: string | null | undefined): void {
    this.stop();
    if (expiresAt) this.#schedule(Date.parse(expiresAt));
  }

  /**
   * Take a reply.
   * @returns whether it is one to a renewal
   */
  take(reply: Reply): boolean {
    if (typeof reply.ref !== "string" || !reply.ref.startsWith(refPrefix)) return false;
    if (reply.ok) this.before(reply.expiresAt);
    return true;
  }

  stop(): void {
    this.#cancel();
  }

  #schedule(end: number): void {
    const left = end - this.#environment.now();
    // At three quarters, and 10 s before the end at least; of a token that is shorter than that, at half.
    const wait = Math.max(Math.min(left * 0.75, left - 10_000), left / 2, 1000);
    this.#cancel = this.#environment.later(left > 0 ? wait : blindWait, () => {
      // Until a reply says otherwise: a token that does not come is asked for again.
      this.#schedule(end);
      void this.#renew();
    });
  }

  async #renew(): Promise<void> {
    try {
      const token = await freshToken(this.#ask);
      this.#send(JSON.stringify({ type: "auth", token, ref: `${refPrefix}${++this.#refs}` }));
    } catch {
      // The next try is scheduled. If none succeeds, the room closes the socket and the next attempt says why.
    }
  }
}
