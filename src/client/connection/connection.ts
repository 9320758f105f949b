// The connection to a room, over as many attempts as it takes: when to make one, and what to do when it has ended. It
// knows nothing of the state, people and edits: it passes frames on, and is told where to resume.

import type { RoomMessage } from "../../protocol/messages.ts";
import type { Environment, PageEvent } from "../environment.ts";
import { renew } from "../renew.ts";
import { problemOf } from "../room-error.ts";
import type { Problem, RoomStatus } from "../types.ts";
import { roomAddress } from "./address.ts";
import { afterClose, type Refusal } from "./after-close.ts";
import { Attempt, type AttemptOptions } from "./attempt.ts";
import { backOff } from "./back-off.ts";

export type ConnectionOptions = AttemptOptions & {
  readonly url: string;
  readonly room: string;
  /** `false`: the address is that of the first attempt, because a server that renders a page has none to start from. */
  readonly connect?: boolean;
};

export type ConnectionListener = {
  /** Where the next attempt goes on. */
  resumeFrom(): {
    readonly client: string;
    readonly epoch?: string | undefined;
    readonly since?: number | undefined;
  };
  /** A frame as a whole; the first one of each socket begins with `welcome`. The line is up. */
  frame(messages: readonly RoomMessage[]): void;
  /** Told once for each difference, after the frame that has brought it about. */
  statusChanged(): void;
  /** Told before `statusChanged`. */
  lineChanged(isUp: boolean): void;
  /** Another instance uses the same client name: take another one. */
  replaced(): void;
};

/** ms between attempts while the browser says that there is no network. */
const offlineWait = 30_000;
/** ms after which a connection was no failed attempt. */
const stableTime = 10_000;
/** ms between attempts that fail, however often the application asks for one. */
const leastGap = 300;
/** ms to wait at least when the room asks for a pause and does not say for how long. */
const laterWait = 1000;

const connecting: RoomStatus = Object.freeze({ state: "connecting" });
const connected: RoomStatus = Object.freeze({ state: "connected" });

/**
 * ```
 *   start ──▶ connecting ──welcome──▶ connected ◀──welcome─┐
 *                 │                       │                │
 *                 └─ broken, 42xx, 41xx ──┤                │
 *                                         ▼                │
 *                 offline ◀─ network ─▶ reconnecting ──────┤
 *                    └─────────────────────────────────────┘
 *
 *   any ── `token` fails, or a second token is refused ──▶ needs-token
 *   any ── 1000, 40xx, 44xx, disconnect(), leave() ──▶ closed
 *   needs-token ── reconnect(), online, resume ──▶ connecting
 *   closed ── reconnect() ──▶ connecting; reconnecting, right after several failures
 * ```
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #environment: Environment;
  readonly #listener: ConnectionListener;
  #address: string | null = null;
  #status = connecting;
  /** The one under way, or up. */
  #attempt: Attempt | null = null;
  /** Ends the wait for the next attempt; `null` if there is none. */
  #cancelWait: (() => void) | null = null;
  #endPage: (() => void) | null = null;
  /** Attempts that have failed since there was a stable connection. */
  #failures = 0;
  /** Tokens that were refused since the last welcome. */
  #refusedTokens = 0;
  /** When the room takes another attempt. */
  #notBefore = 0;
  #lastAttempt = -Infinity;
  /** The status that the listener received last. */
  #toldUp = false;
  #toldStatus = this.#status;

  /** @throws TypeError for a `url` or a `room` that nothing can be reached at */
  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#environment = options.environment;
    this.#listener = listener;
    if (options.connect ?? true) void this.address;
  }

  /** Of the room's sockets, without parameters. @throws TypeError for a `url` or a `room` that nothing can be reached at */
  get address(): string {
    const { url, room } = this.#options;
    return (this.#address ??= roomAddress(url, room, this.#environment.baseUrl));
  }

  get status(): RoomStatus {
    return this.#status;
  }

  /** Whether the room has welcomed this client, and the line is not known to be cut. */
  get isUp(): boolean {
    return this.#attempt?.phase === "up";
  }

  /**
   * Send a frame.
   * @returns false without a connection; then nothing is sent
   */
  send(text: string): boolean {
    return this.#attempt?.send(text) ?? false;
  }

  /**
   * Connect now, unless a socket is open or opening. A token that was asked for and has not come is asked for again.
   * Right after several failures it waits a moment: a listener may ask for it after each of them, whatever they are.
   */
  reconnect(): void {
    const phase = this.#attempt?.phase;
    if (phase === "opening" || phase === "up") return;
    // The clock may have been set back.
    const wait = Math.min(leastGap, this.#lastAttempt + leastGap - this.#environment.now());
    if (this.#failures > 1 && wait > 0) return this.#wait(wait, this.#problem);
    this.#failures = Math.min(this.#failures, 1);
    this.#refusedTokens = 0;
    this.#connect();
  }

  /** The copy of the state is wrong: read it anew over another socket. `resumeFrom` says how. */
  lost(reason: string): void {
    if (!this.isUp) return;
    this.#countFailure();
    this.#drop(reason);
    this.#comeBack(null, 0, true);
  }

  /** Close the socket without leaving the room. */
  disconnect(): void {
    if (this.#status.state !== "closed") this.#close(1000, "disconnected", null);
  }

  /** Leave the room. Without a connection, the room finds out by itself. */
  leave(): void {
    this.send('{"type":"leave"}');
    this.#close(1000, "left", null);
  }

  #connect(): void {
    const { address } = this;
    this.#drop();
    this.#lastAttempt = this.#environment.now();
    this.#endPage ??= this.#environment.onPage((event) => this.#pageChanged(event));
    const attempt = new Attempt(this.#options, {
      resumeFrom: () => this.#listener.resumeFrom(),
      frame: (messages) => this.#received(messages),
      ended: (...end) => this.#ended(...end),
      tokenFailed: (message) => this.#tokenFailed(message),
    });
    this.#attempt = attempt;
    const { state } = this.#status;
    const isReturn = state === "reconnecting" || state === "offline";
    this.#become(isReturn ? this.#away(0, this.#problem) : this.#online(connecting));
    // The listener may end the connection.
    if (this.#attempt === attempt) void attempt.start(address);
  }

  #received(messages: readonly RoomMessage[]): void {
    if (this.#status.state === "connected") return this.#listener.frame(messages);
    this.#status = connected;
    this.#refusedTokens = 0;
    this.#listener.frame(messages);
    // The frame may have been the end of it.
    if (this.#status === connected) this.#become(connected);
  }

  #tokenFailed(message: string): void {
    this.#countFailure();
    const detail = `The function \`token\` failed: ${message}`;
    // Without a network, it could not reach anything.
    if (!this.#environment.isOnline()) this.#comeBack(null, 0);
    else this.#needToken({ code: "token_required", detail });
  }

  #pageChanged(event: PageEvent): void {
    if (event === "hide") return;
    if (this.isUp) return this.#attempt?.probe();
    const { state } = this.#status;
    if (event === "offline") {
      if (this.#cancelWait) this.#wait(offlineWait, this.#problem);
    } else if (state === "needs-token") this.reconnect();
    else if (this.#cancelWait || state === "offline") {
      this.#failures = Math.min(this.#failures, 1);
      this.#wait(Math.max(0, this.#notBefore - this.#environment.now()), this.#problem);
    }
  }

  #ended(code: number, reason: string, refusal: Refusal | null): void {
    this.#countFailure();
    const problem = refusal && problemOf(refusal);
    const least = refusal?.retryAfter ?? 0;
    // Another user has had the name.
    const after = refusal?.code === "client_taken" ? "renamed" : afterClose(code);
    switch (after) {
      case "stay-away":
        return this.#close(code, refusal?.code ?? reason, problem);
      case "new-token":
        if (this.#options.token && ++this.#refusedTokens < 2)
          return this.#comeBack(problem, least, true);
        return this.#needToken(problem);
      case "renamed":
        this.#listener.replaced();
        return this.#comeBack(problem, least);
      case "later":
        return this.#comeBack(problem, Math.max(least, laterWait));
      case "back":
        return this.#comeBack(problem, least);
      default:
        after satisfies never;
    }
  }

  /** A connection that was stable is a new beginning. */
  #countFailure(): void {
    if ((this.#attempt?.upFor ?? 0) >= stableTime) this.#failures = 0;
    this.#failures++;
  }

  /**
   * @param least ms to wait at least
   * @param isUrgent whether a first failure is no reason to wait
   */
  #comeBack(problem: Problem | null, least: number, isUrgent = false): void {
    this.#notBefore = this.#environment.now() + least;
    const isAtOnce = isUrgent && this.#failures === 1;
    const wait = isAtOnce ? 0 : backOff(this.#failures, this.#environment.random());
    this.#wait(least + wait, problem);
  }

  /** Tell of the next attempt, and make it then. */
  #wait(ms: number, problem: Problem | null): void {
    this.#drop();
    const status = this.#away(ms, problem);
    if (ms <= 0) {
      this.#status = renew(this.#status, status);
      return this.#connect();
    }
    const wait = status.state === "offline" ? Math.max(ms, offlineWait) : ms;
    this.#cancelWait = this.#environment.later(wait, () => this.#connect());
    this.#become(status);
  }

  #needToken(problem: Problem | null): void {
    this.#drop();
    this.#become({ state: "needs-token", problem });
  }

  #close(code: number, reason: string, problem: Problem | null): void {
    this.#drop();
    this.#endPage?.();
    this.#endPage = null;
    this.#become({ state: "closed", code, reason, problem });
  }

  /** Let go of the attempt or the wait that there is. */
  #drop(reason?: string): void {
    this.#attempt?.drop(reason);
    this.#attempt = null;
    this.#cancelWait?.();
    this.#cancelWait = null;
  }

  /** The problem that the status tells of. */
  get #problem(): Problem | null {
    return "problem" in this.#status ? this.#status.problem : null;
  }

  /** Waiting for the next attempt, or at it. */
  #away(ms: number, problem: Problem | null): RoomStatus {
    const now = this.#environment.now();
    // A wait that has run out has told of this attempt already.
    const due = "nextAt" in this.#status ? this.#status.nextAt : now;
    return this.#online({
      state: "reconnecting",
      attempt: Math.max(this.#failures, 1),
      nextAt: ms > 0 ? now + ms : Math.min(now, due),
      problem,
    });
  }

  #online(status: RoomStatus): RoomStatus {
    return this.#environment.isOnline() ? status : { state: "offline" };
  }

  /** Tell of what is different now. */
  #become(status: RoomStatus): void {
    this.#status = renew(this.#status, status);
    if (this.isUp !== this.#toldUp) {
      this.#toldUp = this.isUp;
      this.#listener.lineChanged(this.isUp);
    }
    if (this.#status === this.#toldStatus) return;
    this.#toldStatus = this.#status;
    this.#listener.statusChanged();
  }
}
