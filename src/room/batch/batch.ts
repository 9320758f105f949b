// The room's outgoing messages, from one flush to the next. The parts of a room record here what has happened. A flush
// commits what is staged and takes everything as one `Batch` value, which is all that delivery looks at.

import type { Change } from "../../protocol/history.ts";
import type { CollabError } from "../../protocol/errors.ts";
import { failureMessage, type Ref, type RoomMessage } from "../../protocol/messages.ts";
import type { PeopleTexts } from "../../model/people-news.ts";
import { UsersDelta } from "../../model/users-delta.ts";
import type { Session } from "../sessions/session.ts";
import type { Sessions } from "../sessions/sessions.ts";

/** An event as text, for every session, or for every session but one. */
export type OutgoingEvent = {
  readonly text: string;
  readonly except: Session | null;
  /** Whether it is sent with the next commit or not at all. */
  readonly isPending?: boolean;
};

/** A message to one session, as text. */
export type Reply = {
  readonly text: string;
  /** Set while it depends on a commit: if that fails, so has the request with this ref. */
  readonly pendingRef: Ref | undefined;
};

/** News of the people in the room, as text. */
export type PeopleMessages = OwnMessages & {
  /** The messages that single sessions get instead. */
  readonly own: ReadonlyMap<Session, OwnMessages>;
};

export type OwnMessages = PeopleTexts & {
  /** A message `people` or `everybody`; it precedes the others. */
  readonly people: string | null;
};

export const noPeople: PeopleMessages = {
  people: null,
  users: null,
  presence: null,
  own: new Map(),
};

/** Everything that one flush has committed and has to send. */
export type Batch = {
  readonly change: Change | null;
  readonly people: PeopleMessages;
  readonly events: readonly OutgoingEvent[];
  readonly replies: ReadonlyMap<Session, readonly Reply[]>;
  /** Sessions to welcome, each with the number of events before it. */
  readonly newcomers: ReadonlyMap<Session, number>;
};

/**
 * `change`: a change or an event, which is sent to every session. `welcome`: a newcomer. `signal`: presence and
 * users, which may be sent a little later.
 */
export type Urgency = "change" | "welcome" | "signal";

const urgencies: readonly Urgency[] = ["signal", "welcome", "change"];

export class BatchBuilder {
  readonly users = new UsersDelta();
  #events: OutgoingEvent[] = [];
  #replies = new Map<Session, Reply[]>();
  #newcomers = new Map<Session, number>();
  readonly #unsavedSessions = new Set<Session>();
  #characters = 0;
  #requested: Urgency | null = null;
  /** The sessions waiting for the outcome of what was requested since the last `takeRequest`. */
  readonly #waiting = new Set<Session>();
  #commit: PromiseWithResolvers<void> | null = null;
  #failure: CollabError | null = null;
  #reads: { run(): void; reject(error: CollabError): void }[] = [];

  /** Characters of what is waiting, as far as it is text already. */
  get characters(): number {
    return this.#characters;
  }

  /** Note that something is waiting to be sent. */
  requestFlush(urgency: Urgency): void {
    const rank = this.#requested === null ? -1 : urgencies.indexOf(this.#requested);
    if (urgencies.indexOf(urgency) > rank) this.#requested = urgency;
  }

  /** The request since the last call, `null` if there was none; and its session, if a single one waits for it. */
  takeRequest(): { urgency: Urgency; writer: Session | null } | null {
    const urgency = this.#requested;
    if (urgency === null) return null;
    const [first = null] = this.#waiting;
    const writer = this.#waiting.size === 1 ? first : null;
    this.#requested = null;
    this.#waiting.clear();
    return { urgency, writer };
  }

  /** Welcome a session at the next flush. */
  addNewcomer(session: Session): void {
    this.#newcomers.set(session, this.#events.length);
    this.requestFlush("welcome");
  }

  /** The sessions to welcome. */
  get newcomers(): ReadonlySet<Session> {
    return new Set(this.#newcomers.keys());
  }

  /**
   * Send an event to everybody, or to everybody but one.
   * @param isPending whether it depends on the next commit
   */
  addEvent(message: RoomMessage, except: Session | null, isPending = false): void {
    const text = JSON.stringify(message);
    this.#events.push({ text, except, ...(isPending && { isPending }) });
    this.#characters += text.length;
    this.requestFlush("change");
  }

  /**
   * Send a message to one session with the next flush.
   * @param pendingRef of the request that it answers, if the answer depends on the commit
   */
  addReply(session: Session, text: string, pendingRef?: Ref): void {
    const replies = this.#replies.get(session);
    const reply = { text, pendingRef };
    if (replies) replies.push(reply);
    else this.#replies.set(session, [reply]);
    this.#characters += text.length;
    if (pendingRef !== undefined) this.#waiting.add(session);
  }

  /** A session's presence has changed: save its attachment once, at the next flush. */
  markUnsaved(session: Session): void {
    this.#unsavedSessions.add(session);
  }

  /** Forget a session that has ended. */
  forget(session: Session): void {
    this.#replies.delete(session);
    this.#newcomers.delete(session);
    this.#unsavedSessions.delete(session);
  }

  /**
   * Resolves when everything that is staged has been committed.
   * @throws CollabError (rejects) `commit_failed`
   */
  whenCommitted(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#commit ??= Promise.withResolvers();
    return this.#commit.promise;
  }

  /**
   * Run a read at the next commit, when nothing is staged.
   * @throws CollabError (rejects) `commit_failed`, and what `read` throws
   */
  readCommitted<T>(read: () => T | Promise<T>): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#reads.push({
      run() {
        try {
          resolve(read());
        } catch (error) {
          reject(error);
        }
      },
      reject,
    });
    return promise;
  }

  /** Take over the replies that an earlier instance could not send. @param sessions those of this instance */
  restoreReplies(earlier: BatchBuilder, sessions: Sessions): void {
    for (const [{ socket }, replies] of earlier.#replies) {
      const session = sessions.get(socket);
      if (session) for (const { text } of replies) this.addReply(session, text);
    }
  }

  /** Why what is staged will not be committed; `null` while it still may be. */
  get failure(): CollabError | null {
    return this.#failure;
  }

  /** Take everything that is waiting, together with what was committed. */
  take(change: Change | null, people: PeopleMessages): Batch {
    for (const session of this.#unsavedSessions) session.saveAttachment();
    this.#unsavedSessions.clear();
    const batch: Batch = {
      change,
      people,
      events: this.#events,
      replies: this.#replies,
      newcomers: this.#newcomers,
    };
    this.#events = [];
    this.#replies = new Map();
    this.#newcomers = new Map();
    this.#characters = 0;
    this.#requested = null;
    this.#waiting.clear();
    this.#commit?.resolve();
    this.#commit = null;
    for (const { run } of this.#reads) run();
    this.#reads = [];
    return batch;
  }

  /**
   * Take only events and replies: what else is waiting may not match what storage holds. Replies to sessions that
   * have not been welcomed stay, because the welcome comes first.
   */
  takeMessages(): Batch {
    const { events, replies } = { events: this.#events, replies: new Map(this.#replies) };
    for (const session of replies.keys())
      if (session.state.kind === "joining") replies.delete(session);
      else this.#replies.delete(session);
    this.#events = [];
    this.#characters = 0;
    return { change: null, people: noPeople, events, replies, newcomers: new Map() };
  }

  /** Staged changes will not be committed: everyone waiting for them gets an error or a reply that says so. */
  reject(error: CollabError): void {
    this.#failure = error;
    this.#commit?.reject(error);
    this.#commit = null;
    for (const { reject } of this.#reads) reject(error);
    this.#reads = [];
    this.#events = this.#events.filter(({ isPending }) => !isPending);
    for (const replies of this.#replies.values())
      for (const [index, { pendingRef }] of replies.entries())
        if (pendingRef !== undefined)
          replies[index] = {
            text: JSON.stringify(failureMessage(pendingRef, error)),
            pendingRef: undefined,
          };
  }
}
