// A room, as an application holds it: wires the connection, the document, the people and the outbox together, and shows
// all of them as one frozen snapshot. A frame of the room is taken in as a whole before anybody is told.
//
//   frame ──▶ outbox: replies decide ──▶ document: changes ──▶ people ──▶ one notification ──▶ answers, events

import type { JsonObject, JsonValue } from "../protocol/json.ts";
import type { RoomMessage } from "../protocol/messages.ts";
import type { PeopleCounts } from "../protocol/people.ts";
import { allows, type Scope } from "../protocol/scopes.ts";
import { Connection } from "./connection/connection.ts";
import { DocumentSync } from "./document-sync.ts";
import type { Recipe } from "./document/draft.ts";
import { historyOf } from "./document/room-history.ts";
import type { Environment } from "./environment.ts";
import { Keeping } from "./keeping.ts";
import { Listeners } from "./listeners.ts";
import { OwnPresence } from "./people/own-presence.ts";
import { People } from "./people/people.ts";
import { Calls, isAnswer } from "./requests/calls.ts";
import type { Answer, Asker } from "./requests/request.ts";
import { renew } from "./renew.ts";
import { closedBy, forbidden, notReady, problemOf, textOf, type RoomError } from "./room-error.ts";
import type {
  Committed,
  ConnectOptions,
  Edit,
  Person,
  PresenceInput,
  RoomEvents,
  RoomHistory,
  RoomSnapshot,
  RoomStatus,
  SaveStatus,
} from "./types.ts";

export class RoomClient {
  readonly id: string;
  readonly ready: Promise<void>;
  readonly history: RoomHistory;
  readonly #connection: Connection;
  readonly #document: DocumentSync;
  readonly #people = new People();
  readonly #presence: OwnPresence;
  readonly #listeners: Listeners<RoomEvents & { change: null }>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #calls = new Calls(
    (text) => this.#connection.send(text),
    (problem) => this.#listeners.emit("problem", { problem }),
  );
  /** Its identity and its scopes. */
  readonly #own: { client: string; scopes: readonly Scope[] };
  readonly #keeping: Keeping;
  /** `null` if something may have changed since `#lastSnapshot`. */
  #snapshot: RoomSnapshot | null = null;
  #lastSnapshot: RoomSnapshot | null = null;
  /** Why it is not to connect again by itself; `null` while it does. */
  #closed: RoomError | null = null;
  #told: { readonly status: RoomStatus; readonly saved: SaveStatus };
  #isTelling = false;
  #isToldOf = true;

  constructor(options: ConnectOptions, environment: Environment) {
    this.id = options.room;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // `status` tells of it, too
    this.#listeners = new Listeners((error) => environment.report(error));
    this.#own = { client: environment.newId(), scopes: [] };
    this.#document = new DocumentSync({
      environment,
      maxOfflineAge: options.maxOfflineAge,
      send: (text, request) => (this.#keeping.keeper ?? this.#connection).send(text, request),
      refused: (problem) => this.#listeners.emit("refused", { problem }),
      stale: (edits) => this.#listeners.emit("stale", edits),
      changed: () => this.#changed(),
    });
    this.history = historyOf(this.#document.history, (go) => {
      this.#demand("room:write");
      const result = go();
      this.#changed();
      return result;
    });
    this.#presence = new OwnPresence({
      environment,
      // The room would refuse it without the scope, so it waits until there is one.
      send: (message) =>
        this.can("presence:write") && this.#connection.send(JSON.stringify(message)),
      sent: (data) => {
        this.#people.show(data);
        this.#snapshot = null;
        environment.soon(() => this.#changed());
      },
    });
    if (options.presence) this.#presence.set(options.presence);
    this.#connection = new Connection(
      { ...options, environment },
      {
        resumeFrom: () => ({ client: this.#own.client, ...this.#document.resumeFrom }),
        frame: (messages) => this.#frame(messages),
        statusChanged: () => this.#statusChanged(),
        lineChanged: (isUp) => {
          if (isUp) return;
          this.#presence.stop();
          this.#calls.lineLost();
        },
        replaced: () => {
          if (this.#keeping.keeper?.isReplacedByItself()) return;
          this.#own.client = environment.newId();
          this.#document.outbox.rename();
        },
      },
    );
    this.#keeping = new Keeping({
      options,
      environment,
      document: this.#document,
      connection: this.#connection,
      people: this.#people,
      listeners: this.#listeners,
      own: this.#own,
    });
    this.#told = { status: this.status, saved: this.saved };
    if (options.connect ?? true) this.reconnect();
  }

  // The snapshot

  get state(): JsonObject {
    const { state } = this.getSnapshot();
    if (state === null) throw notReady();
    return state;
  }

  get self(): Person {
    const { self } = this.#people.view;
    if (self === null) throw notReady();
    return self;
  }

  get people(): readonly Person[] {
    return this.#people.view.people;
  }

  get others(): readonly Person[] {
    return this.#people.view.others;
  }

  get counts(): PeopleCounts {
    return this.#people.view.counts;
  }

  get status(): RoomStatus {
    return this.#connection.status;
  }

  get saved(): SaveStatus {
    return this.#document.outbox.status(this.status.state);
  }

  get scopes(): readonly Scope[] {
    return this.#own.scopes;
  }

  can(scope: Scope): boolean {
    return allows(this.#own.scopes, scope);
  }

  getSnapshot(): RoomSnapshot {
    if (this.#snapshot) return this.#snapshot;
    const { status, saved, scopes } = this;
    const { canUndo, canRedo } = this.history;
    const { state, version } = this.#document;
    const history = { canUndo, canRedo };
    const now = { ...this.#people.view, status, saved, scopes, history, version, state };
    this.#lastSnapshot = renew(this.#lastSnapshot, now);
    return (this.#snapshot = this.#lastSnapshot);
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.on("change", listener);
  }

  on<Name extends keyof RoomEvents>(
    name: Name,
    listener: (event: RoomEvents[Name]) => void,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  // Requests of the application

  update(recipe: Recipe): Edit {
    this.#demand("room:write");
    const { promise, ...asker } = Promise.withResolvers<Committed>();
    promise.catch(() => {}); // the event `refused` tells of it, too
    const made = this.#document.edit((recorder) => recorder.run(recipe), asker);
    if (made === null) asker.resolve({ version: this.#document.version, dropped: [] });
    else {
      this.#document.history.record(made.edit, made.recorded);
      this.#asked(asker);
    }
    return { committed: promise };
  }

  async action(
    name: string,
    input: JsonValue = {},
    { optimistic = null }: { readonly optimistic?: Recipe | null } = {},
  ): Promise<never> {
    this.#demand("room:act");
    const { promise, ...asker } = Promise.withResolvers<Answer>();
    const payload = JSON.parse(JSON.stringify(input)) as JsonValue;
    this.#document.call({ name, payload }, optimistic, asker);
    this.#asked(asker);
    return (await promise).result as never;
  }

  setPresence(presence: PresenceInput): void {
    this.#presence.set(presence);
  }

  broadcast(event: string, payload: JsonValue = null, { echo = false } = {}): Promise<void> {
    return this.#calls.ask({ type: "broadcast", event, payload, ...(echo && { echo }) });
  }

  watch(userIds: readonly string[]): void {
    this.#calls.watch(userIds);
  }

  leave(): void {
    this.#end(() => this.#connection.leave());
  }

  disconnect(): void {
    this.#end(() => this.#connection.disconnect());
  }

  /** End the connection, after what was done right before. */
  #end(end: () => void): void {
    this.#presence.flush();
    this.#document.outbox.flush();
    end();
    this.#keeping.rest();
  }

  reconnect(): void {
    this.#keeping.connect();
  }

  // Messages from the room

  #frame(messages: readonly RoomMessage[]): void {
    const { afterwards, failure } = this.#document.take(messages);
    let reason = failure;
    try {
      for (const message of messages) {
        this.#people.take(message);
        this.#take(message, afterwards);
      }
    } catch (error) {
      reason ??= textOf(error);
    }
    if (reason !== null) {
      const event = { reason };
      afterwards.push(() => this.#listeners.emit("resync", event));
      this.#connection.lost(reason);
    }
    if (messages.some((each) => each.type !== "event" && !isAnswer(each))) this.#changed();
    for (const tell of afterwards) tell();
  }

  /** @param later gets what to tell once the frame has been taken in */
  #take(message: RoomMessage, later: (() => void)[]): void {
    switch (message.type) {
      case "welcome":
        this.#own.scopes = [...message.scopes];
        this.#presence.welcomed(message.limits);
        this.#calls.welcomed(message.limits);
        return this.#ready.resolve();
      case "scopes":
        this.#own.scopes = [...message.scopes];
        return this.#presence.set({}); // what has waited for a scope
      case "event": {
        const { type: _type, ...event } = message;
        return void later.push(() => this.#listeners.emit("event", event));
      }
      case "reply":
        return this.#calls.replied(message);
      case "error": {
        const event = { problem: problemOf(message) };
        if (message.code !== "rate_limited")
          later.push(() => this.#listeners.emit("problem", event));
        return;
      }
      default:
        return;
    }
  }

  #statusChanged(): void {
    const { status } = this;
    this.#closed = status.state === "closed" ? closedBy(status) : null;
    if (this.#closed) {
      this.#ready.reject(this.#closed);
      this.#document.outbox.closed(this.#closed);
    }
    // The frame that has brought it about may have told of it.
    if (status !== this.#told.status) this.#changed();
  }

  /**
   * Tell everybody that there is something new to see. A change by a listener is reported once all have heard of what
   * was before, so that each hears everything in order.
   */
  #changed(): void {
    this.#snapshot = null;
    this.#isToldOf = false;
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (!this.#isToldOf) {
      this.#isToldOf = true;
      const before = this.#told;
      const { status, saved } = renew(before, { status: this.status, saved: this.saved });
      this.#told = { status, saved };
      this.#listeners.emit("change", null);
      if (status !== before.status) this.#listeners.emit("status", status);
      if (saved !== before.saved) this.#listeners.emit("saved", saved);
    }
    this.#isTelling = false;
  }

  /** Something is to be sent, and answered for, unless it is known that nobody will. */
  #asked(asker: Pick<Asker<never>, "reject">): void {
    if (this.#closed) asker.reject(this.#closed);
    this.#changed();
  }

  /** @throws RoomError `forbidden`; Error before `ready` */
  #demand(scope: Scope): void {
    if (this.#document.state === null) throw notReady();
    if (!this.can(scope)) throw forbidden(scope, this.#own.scopes);
  }
}
