// A client whose edits are kept: it goes on with what its record says, writes down what it has not sent, and, if it is
// the one that leads, sends what other tabs have left behind. While it is closed, its record is for whoever comes next.

import type { PageEvent } from "../environment.ts";
import type { Request } from "../requests/request.ts";
import type { FlusherListener } from "./flusher.ts";
import { inTime } from "./in-time.ts";
import { Journal } from "./journal.ts";
import type { ClientParts, Keeper } from "./keeper.ts";
import type { Claim, Shelf } from "./shelf.ts";
import { Sweeper } from "./sweeper.ts";

/** Tells the application what is wrong, and why. */
export type Tell = (what: string, error?: unknown) => void;

/** The parts that exist while the client is open. */
type Open = { readonly journal: Journal; readonly claim: Claim; end(): void };

export class KeptClient implements Keeper {
  readonly #parts: ClientParts;
  readonly #shelf: Shelf;
  readonly #user: string;
  readonly #tell: Tell;
  readonly #listener: FlusherListener;
  #open: Open | null = null;
  /** That of the last time, if there was a record when the client was closed. */
  #left: Journal | null = null;
  /** Opening and closing, one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(parts: ClientParts, shelf: Shelf, user: string, tell: Tell) {
    const { connection, listeners } = parts;
    this.#parts = parts;
    this.#shelf = shelf;
    this.#user = user;
    this.#tell = tell;
    this.#listener = {
      refused: (problem) => listeners.emit("refused", { problem }),
      stale: (edits) => listeners.emit("stale", edits),
      failed: (error) =>
        tell("edits are not kept now, because the browser does not take them", error),
      asker: {
        resolve() {},
        // Edits that are kept when the connection closes have not failed.
        reject: ({ problem }) =>
          connection.status.state !== "closed" && listeners.emit("problem", { problem }),
      },
    };
  }

  open(): Promise<void> {
    return this.#next(async () => {
      if (this.#open !== null) return;
      try {
        this.#open = (await this.#goOn()) ?? this.#begin(await this.#claim());
      } catch (error) {
        this.#tell("edits are not kept, because the browser does not take them", error);
      }
    });
  }

  close(): void {
    void this.#next(async () => {
      const open = this.#open;
      if (open === null) return;
      open.end();
      await open.journal.close();
      this.#left = open.journal.text === null ? null : open.journal;
      this.#open = null;
      open.claim.release();
    });
  }

  send(text: string, request: Request): boolean {
    return (this.#open?.journal ?? this.#parts.connection).send(text, request);
  }

  get hasAll(): boolean {
    return (this.#open?.journal ?? this.#left)?.hasAll ?? false;
  }

  isReplacedByItself(): boolean {
    return this.#open?.journal.isReplacedByItself() ?? false;
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work);
    return this.#last;
  }

  /** Go on with the record that it had, unless somebody else has touched it since: then what is in it is theirs. */
  async #goOn(): Promise<Open | null> {
    const journal = this.#left;
    if (journal === null) return null;
    this.#left = null;
    const claim = await inTime(this.#parts.environment, this.#shelf.take(journal.id));
    if (claim !== null && claim.record?.text === journal.text) {
      journal.reopen();
      return this.#watched(journal, claim);
    }
    claim?.release();
    journal.forsake();
    return null;
  }

  #claim(): Promise<Claim> {
    const { environment, document } = this.#parts;
    // A client that has a state already cannot go on with another one.
    const isNew = document.state === null;
    return inTime(environment, isNew ? this.#shelf.claim() : this.#shelf.begin());
  }

  #begin(claim: Claim): Open {
    const { environment, document, connection, own } = this.#parts;
    const { record, key } = claim;
    const { database, isSole } = this.#shelf;
    if (record !== null) {
      record.into(document, isSole, this.#listener.asker);
      own.client = record.kept.client;
      own.scopes = record.kept.scopes;
    }
    const journal: Journal = new Journal(
      {
        database,
        environment,
        document,
        connection,
        key,
        another: () => this.#shelf.another(),
        owner: own,
        isSole,
        isOwn: () => this.#isOwn(journal),
        failed: this.#listener.failed,
      },
      record,
    );
    return this.#watched(journal, claim);
  }

  #watched(journal: Journal, claim: Claim): Open {
    const { options, environment, connection, listeners } = this.#parts;
    const { database, isSole } = this.#shelf;
    const sweeper = new Sweeper({
      shelf: this.#shelf,
      environment,
      flusher: {
        connection: { ...options, environment },
        database,
        isSole,
        user: this.#user,
        maxOfflineAge: options.maxOfflineAge,
      },
      listener: this.#listener,
      isUp: () => connection.isUp,
    });
    const pageChanged = (event: PageEvent): void => {
      if (event === "hide") void journal.write(true);
      else sweeper.look();
    };
    let wasUp = false;
    const changed = (): void => {
      journal.changed();
      const { isUp } = connection;
      if (isUp && !wasUp) sweeper.look();
      wasUp = isUp;
    };
    const ends = [environment.onPage(pageChanged), listeners.on("change", changed)];
    const end = (): void => {
      for (const each of ends) each();
      sweeper.stop();
    };
    return { journal, claim, end };
  }

  /** Whether the room knows this client as the user whose edits these are. If not, nothing is sent in its name. */
  #isOwn(journal: Journal): boolean {
    const { connection, people } = this.#parts;
    const self = people.view.self?.id;
    if (self === this.#user) return true;
    this.#tell(
      `these are edits of the user "${this.#user}", and the room knows this client as "${self}"`,
    );
    journal.stop();
    connection.disconnect();
    return false;
  }
}
