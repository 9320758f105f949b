// One attempt to connect, and the connection that it becomes: a token, a socket, a welcome. It does not try again: it
// ends once, says how, and is silent after that.
//
//   asking ──token──▶ opening ──welcome──▶ up ──▶ ended
//      └─────────────────┴── refused, broken, not in time ──▶ ended

import { subprotocol, type RoomMessage } from "../../protocol/messages.ts";
import type { User } from "../../protocol/users.ts";
import type { Environment } from "../environment.ts";
import { textOf } from "../room-error.ts";
import { attemptAddress, type AddressParameters } from "./address.ts";
import { codeFor, type Refusal } from "./after-close.ts";
import { Line } from "./line.ts";
import { freshToken, TokenRenewal, type TokenFunction } from "./token-renewal.ts";

export type AttemptOptions = {
  readonly user?: User | undefined;
  readonly token?: TokenFunction | undefined;
  readonly behaviour?: string | undefined;
  readonly environment: Environment;
};

type AttemptListener = {
  /** Where it goes on. */
  resumeFrom(): AddressParameters;
  /** A frame. The first one begins with `welcome`. */
  frame(messages: readonly RoomMessage[]): void;
  /**
   * It has ended by itself.
   * @param refusal what the room has said of it
   */
  ended(code: number, reason: string, refusal: Refusal | null): void;
  tokenFailed(message: string): void;
};

type Phase = "asking" | "opening" | "up" | "ended";

/** ms until the welcome. A long welcome that keeps coming takes as long as it needs. */
const timeLimit = 15_000;

export class Attempt {
  readonly #options: AttemptOptions;
  readonly #listener: AttemptListener;
  #phase: Phase = "asking";
  #line: Line | null = null;
  #renewal: TokenRenewal | null = null;
  /** The last `error`. */
  #refusal: Refusal | null = null;
  #upSince = Infinity;
  #cancelLimit = (): void => {};

  constructor(options: AttemptOptions, listener: AttemptListener) {
    this.#options = options;
    this.#listener = listener;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** ms since the welcome; below 0 without one. */
  get upFor(): number {
    return this.#options.environment.now() - this.#upSince;
  }

  /** @param address that of the room's sockets */
  async start(address: string): Promise<void> {
    const { token, user, behaviour, environment } = this.#options;
    const protocols: string[] = [subprotocol];
    this.#limit();
    try {
      if (token) protocols.push(`bearer.${await freshToken(token)}`);
    } catch (error) {
      if (this.#phase === "ended") return;
      this.drop();
      return this.#listener.tokenFailed(textOf(error));
    }
    if (this.#phase === "ended") return;
    this.#phase = "opening";
    const parameters = {
      user: user && JSON.stringify(user),
      behaviour,
      ...this.#listener.resumeFrom(),
    };
    try {
      this.#line = new Line(environment, attemptAddress(address, parameters), protocols, {
        progressed: () => this.#limit(),
        frame: (messages) => this.#received(messages),
        ended: (code, reason) => this.#ended(code, reason),
      });
    } catch (error) {
      // The page must not open such a socket, however often it tries.
      this.#ended(4000, textOf(error));
    }
  }

  /** @returns false unless it is up; then nothing is sent */
  send(text: string): boolean {
    return this.#phase === "up" && (this.#line?.send(text) ?? false);
  }

  /** Find out soon whether the line still works, once it is up. */
  probe(): void {
    this.#line?.probe();
  }

  /** End it from this side. */
  drop(reason?: string): void {
    this.#phase = "ended";
    this.#cancelLimit();
    this.#renewal?.stop();
    this.#line?.close(reason);
  }

  #limit(): void {
    this.#cancelLimit();
    if (this.#phase === "up") return;
    this.#cancelLimit = this.#options.environment.later(timeLimit, () =>
      this.#ended(1006, "the attempt has taken too long"),
    );
  }

  #received(messages: readonly RoomMessage[]): void {
    const [first] = messages;
    if (this.#phase === "opening") {
      if (first?.type === "welcome") this.#welcomed();
      else if (first?.type !== "error")
        return this.#line?.fail("the first message must be `welcome`");
    }
    const others = messages.filter((message) => {
      if (message.type === "error") this.#refusal = message;
      if (message.type === "welcome") this.#renewal?.before(message.expiresAt);
      return message.type !== "reply" || !this.#renewal?.take(message);
    });
    if (this.#phase === "up" && others.length > 0) this.#listener.frame(others);
  }

  #welcomed(): void {
    this.#phase = "up";
    this.#cancelLimit();
    const { environment, token } = this.#options;
    this.#upSince = environment.now();
    if (token) this.#renewal = new TokenRenewal(environment, token, (text) => void this.send(text));
  }

  #ended(code: number, reason: string): void {
    const isUp = this.#phase === "up";
    // Once up, most errors are about a request and not about the socket.
    const refusal = isUp && this.#refusal?.code !== reason ? null : this.#refusal;
    this.drop();
    this.#listener.ended(codeFor(code, refusal), reason, refusal);
  }
}
