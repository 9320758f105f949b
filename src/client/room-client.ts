// A room, as an application holds it: wires the connection, the document, the people and the outbox together, and shows
// all of them as one frozen snapshot. A frame of the room is taken in as a whole before anybody is told.
//
//   frame ──▶ outbox: replies decide ──▶ document: changes ──▶ people ──▶ one notification ──▶ answers, events

import { jsonEqual, type JsonObject, type JsonValue } from "../protocol/json.ts";
import type { ClientMessage, RoomMessage } from "../protocol/messages.ts";
import type { PeopleCounts } from "../protocol/people.ts";
import { allows, type Scope } from "../protocol/scopes.ts";
import { Connection } from "./connection/connection.ts";
import { isTrying } from "./connection/is-trying.ts";
import { defaultOfflineAge, DocumentSync } from "./document-sync.ts";
import { historyOf } from "./document/room-history.ts";
import type { Environment } from "./environment.ts";
import { Keeping } from "./keeping.ts";
import { Listeners } from "./listeners.ts";
import { OwnPresence } from "./people/own-presence.ts";
import { People } from "./people/people.ts";
import { Calls } from "./requests/calls.ts";
import type { Answer } from "./requests/request.ts";
import { forbidden, notReady, problemOf, RoomError } from "./room-error.ts";
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

type Recipe = (draft: never) => void;

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
  readonly #calls = new Calls((text) => this.#connection.send(text));
  readonly #environment: Environment;
  #isGuardDue: boolean;
  /** What it says of itself, and may do. */
  readonly #own: { client: string; scopes: readonly Scope[] };
  readonly #keeping: Keeping;
  #watched: readonly string[] = [];
  #snapshot: RoomSnapshot | null = null;
  #told: { readonly status: RoomStatus; readonly saved: SaveStatus };
  #isTelling = false;
  #isToldOf = true;

  constructor(options: ConnectOptions, environment: Environment) {
    this.id = options.room;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // `status` tells of it, too
    this.#listeners = new Listeners((error) => environment.report(error));
    this.#environment = environment;
    this.#own = { client: environment.newId(), scopes: [] };
    this.#document = new DocumentSync({
      environment,
      maxOfflineAge: options.maxOfflineAge ?? defaultOfflineAge,
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
    this.#presence = new OwnPresence({ environment, send: (message) => this.#send(message) });
    if (options.presence) this.#presence.set(options.presence);
    this.#connection = new Connection(
      { ...options, environment },
      {
        resumeFrom: () => ({ client: this.#own.client, ...this.#document.resumeFrom }),
        frame: (messages) => this.#frame(messages),
        statusChanged: () => this.#statusChanged(),
        lineChanged: (isUp) => this.#lineChanged(isUp),
        replaced: () => {
          if (this.#keeping.keeper?.isReplacedByItself()) return;
          this.#own.client = environment.newId();
          this.#document.outbox.rename();
        },
      },
    );
    this.#keeping = new Keeping(
      options,
      environment,
      this.#document,
      this.#connection,
      this.#people,
      this.#listeners,
      this.#own,
    );
    this.#told = { status: this.status, saved: this.saved };
    this.#isGuardDue = options.warnBeforeUnload ?? true;
    if (options.connect ?? true) this.reconnect();
  }

  // What it shows

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
    const { state } = this.status;
    return this.#document.outbox.status(
      state === "connected" ? "up" : state === "closed" ? "closed" : "down",
    );
  }

  get scopes(): readonly Scope[] {
    return this.#own.scopes;
  }

  can(scope: Scope): boolean {
    return allows(this.#own.scopes, scope);
  }

  getSnapshot(): RoomSnapshot {
    this.#snapshot ??= Object.freeze({
      ...this.#people.view,
      state: this.#document.state,
      version: this.#document.version,
      status: this.status,
      saved: this.saved,
      scopes: this.#own.scopes,
      history: Object.freeze({ canUndo: this.history.canUndo, canRedo: this.history.canRedo }),
    });
    return this.#snapshot;
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

  // What it does

  update(recipe: Recipe): Edit {
    this.#demand("room:write");
    const { promise, ...asker } = Promise.withResolvers<Committed>();
    promise.catch(() => {}); // the event `refused` tells of it, too
    const made = this.#document.edit((recorder) => recorder.run(recipe), asker);
    if (made === null) asker.resolve({ version: this.#document.version, dropped: [] });
    else {
      this.#document.history.record(made.edit, made.recorded);
      this.#changed();
    }
    return { committed: promise };
  }

  async action(
    name: string,
    input: JsonValue,
    options: { optimistic?: Recipe } = {},
  ): Promise<never> {
    this.#demand("room:act");
    const { promise, ...asker } = Promise.withResolvers<Answer>();
    const payload = JSON.parse(JSON.stringify(input ?? {})) as JsonValue;
    const optimistic = (options.optimistic ?? null) as ((draft: object) => void) | null;
    this.#document.call({ name, payload }, optimistic, asker);
    this.#changed();
    return (await promise).result as never;
  }

  setPresence(presence: PresenceInput): void {
    this.#presence.set(presence);
  }

  broadcast(event: string, payload: JsonValue = null, { echo = false } = {}): Promise<void> {
    return this.#call({ type: "broadcast", event, payload, ...(echo && { echo }) });
  }

  watch(userIds: readonly string[]): void {
    this.#watched = [...userIds];
    if (this.#connection.isUp) this.#sendWatched();
  }

  leave(): void {
    this.#connection.leave();
    this.#keeping.rest();
  }

  disconnect(): void {
    this.#connection.disconnect();
    this.#keeping.rest();
  }

  reconnect(): void {
    const isUnsaved = (): boolean => this.saved.state !== "saved" && !this.#keeping.keeper?.hasAll;
    if (this.#isGuardDue) this.#environment.beforeUnload(isUnsaved);
    this.#isGuardDue = false;
    // A listener that asks for it whenever it is told of an attempt would do so for ever.
    if (!this.#isTelling || !isTrying(this.status, this.#environment.now()))
      this.#keeping.connect();
  }

  // What the room sends

  #frame(messages: readonly RoomMessage[]): void {
    const { afterwards, failure } = this.#document.take(messages);
    const later = [...afterwards];
    for (const message of messages) {
      this.#people.take(message);
      this.#take(message, later);
    }
    if (failure !== null) {
      later.push(() => this.#listeners.emit("resync", { reason: failure }));
      this.#connection.lost(failure);
    }
    this.#changed();
    for (const tell of later) tell();
  }

  /** @param later gets what to tell once the frame has been taken in */
  #take(message: RoomMessage, later: (() => void)[]): void {
    switch (message.type) {
      case "welcome":
        this.#own.scopes = message.scopes;
        this.#calls.frameBytes = message.limits.frameBytes;
        this.#presence.welcomed(message.limits);
        if (this.#watched.length > 0) this.#sendWatched();
        return this.#ready.resolve();
      case "scopes":
        this.#own.scopes = message.scopes;
        return;
      case "event": {
        const { type: _type, ...event } = message;
        later.push(() => this.#listeners.emit("event", event));
        return;
      }
      case "reply":
        return this.#calls.replied(message);
      case "error": {
        const problem = problemOf(message);
        if (problem.code !== "rate_limited")
          later.push(() => this.#listeners.emit("problem", { problem }));
        return;
      }
      default:
        return;
    }
  }

  #lineChanged(isUp: boolean): void {
    if (isUp) return;
    this.#presence.stop();
    this.#calls.lineLost();
    this.#changed();
  }

  #statusChanged(): void {
    const { status } = this;
    if (status.state === "closed") {
      const detail = `The connection to the room is closed: ${status.reason}.`;
      this.#ready.reject(new RoomError(status.problem ?? { code: "room_unavailable", detail }));
    }
    this.#changed();
  }

  /**
   * Tell everybody that there is something new to see. What a listener changes is told once all have been told of what
   * was before, so that each hears everything in order.
   */
  #changed(): void {
    this.#snapshot = null;
    this.#isToldOf = false;
    if (this.#isTelling) return;
    this.#isTelling = true;
    while (!this.#isToldOf) {
      this.#isToldOf = true;
      const { status, saved } = this;
      const before = this.#told;
      this.#told = { status, saved };
      this.#listeners.emit("change", null);
      if (status !== before.status) this.#listeners.emit("status", status);
      if (!jsonEqual(saved, before.saved)) this.#listeners.emit("saved", saved);
    }
    this.#isTelling = false;
  }

  // What is sent

  #send(message: ClientMessage): boolean {
    return this.#connection.send(JSON.stringify(message));
  }

  #sendWatched(): void {
    void this.#call({ type: "watch", users: this.#watched });
  }

  #call(message: ClientMessage): Promise<void> {
    const answer = this.#calls.ask(message);
    answer.catch(({ problem }: RoomError) => this.#listeners.emit("problem", { problem }));
    return answer;
  }

  /** @throws RoomError `forbidden`; Error before `ready` */
  #demand(scope: Scope): void {
    if (this.#document.state === null) throw notReady();
    if (!this.can(scope)) throw forbidden(scope, this.#own.scopes);
  }
}
