// Sends the edits that a client has left behind in its record: under the name of that client, and without an
// application. It ends once the room has everything, or does not let it in; what is left then stays in the record.

import type { RoomMessage } from "../../protocol/messages.ts";
import { Connection, type ConnectionOptions } from "../connection/connection.ts";
import { DocumentSync } from "../document-sync.ts";
import type { Answer, Asker } from "../requests/request.ts";
import type { Problem, StaleEdits } from "../types.ts";
import type { Database } from "./database.ts";
import { Journal } from "./journal.ts";
import type { Owner } from "./record.ts";
import type { Restorable } from "./restore.ts";
import type { Claim } from "./shelf.ts";

export type FlusherOptions = {
  readonly connection: ConnectionOptions;
  readonly database: Database;
  readonly isSole: boolean;
  readonly user: string;
  readonly maxOfflineAge: number | undefined;
};

/** Is told what the application is told of its own edits. */
export type FlusherListener = {
  refused(problem: Problem): void;
  stale(edits: StaleEdits): void;
  failed(error: unknown): void;
  /** Of an action of the client that is gone. */
  readonly asker: Asker<Answer>;
};

export class Flusher {
  /** Resolves once it has ended, or waits for the application's word. */
  readonly rested: Promise<void>;
  readonly #claim: Claim;
  readonly #owner: Owner;
  readonly #document: DocumentSync;
  readonly #connection: Connection;
  readonly #journal: Journal;
  readonly #rest: () => void;
  readonly #user: string;
  /** Whether the room knows this client as the user whose record it is. */
  #isOwn = false;
  /** Whether somebody else has the client's name. */
  #isTaken = false;
  #hasEnded = false;

  constructor(
    { connection, database, isSole, user, maxOfflineAge }: FlusherOptions,
    claim: Claim,
    record: Restorable,
    listener: FlusherListener,
  ) {
    const { environment } = connection;
    const rested = Promise.withResolvers<void>();
    this.rested = rested.promise;
    this.#rest = rested.resolve;
    this.#claim = claim;
    this.#user = user;
    const { client, scopes } = record.kept;
    this.#owner = { client, scopes };
    this.#document = new DocumentSync({
      environment,
      maxOfflineAge,
      send: (text, request) => this.#journal.send(text, request),
      refused: listener.refused,
      stale: (edits) => {
        listener.stale(edits);
        rested.resolve();
      },
      changed: () => this.#changed(),
    });
    this.#connection = new Connection(connection, {
      resumeFrom: () => ({ client: this.#owner.client, ...this.#document.resumeFrom }),
      frame: (messages) => this.#frame(messages),
      statusChanged: () => this.#changed(),
      lineChanged: () => this.#changed(),
      // Somebody uses the record who does not know of its lock.
      replaced: () => {
        this.#isTaken = !this.#journal.isReplacedByItself();
      },
    });
    record.into(this.#document, isSole, listener.asker);
    this.#journal = new Journal(
      {
        database,
        environment,
        document: this.#document,
        connection: this.#connection,
        key: claim.key,
        another: () => claim.key,
        owner: this.#owner,
        isSole,
        isOwn: () => this.#isOwn,
        failed: listener.failed,
      },
      record,
    );
    this.#connection.reconnect();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Stop. Edits that the room does not have yet stay in the record. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#connection.leave();
    await this.#journal.close();
    this.#claim.release();
    this.#rest();
  }

  #frame(messages: readonly RoomMessage[]): void {
    const { afterwards, failure } = this.#document.take(messages);
    for (const message of messages)
      if (message.type === "welcome") this.#isOwn = message.user.id === this.#user;
    if (failure !== null) this.#connection.lost(failure);
    for (const tell of afterwards) tell();
    this.#changed();
  }

  #changed(): void {
    if (this.#hasEnded) return;
    this.#journal.changed();
    const { state } = this.#connection.status;
    if (state === "connected" && !this.#isOwn) {
      this.#journal.stop();
      void this.end();
      return;
    }
    const isSaved = this.#document.outbox.status("connected").state === "saved";
    if (isSaved || this.#isTaken || state === "closed" || state === "needs-token") void this.end();
  }
}
