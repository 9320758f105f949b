// The requests of a room's clients (rule X1). A request that is sent again gets its earlier answer and is not
// carried out twice. The log is read from the journal when it is first needed.
//
// A request that has changed the state is written in the row of that change. An action that has changed nothing
// gets its own row, because its effects elsewhere must not happen twice either. A refusal, and an update without an
// effect, are written with the next row of their client; until then, they may be handled again after a restart.

import { CollabError } from "../../protocol/errors.ts";
import { utf8Bytes } from "../../protocol/json.ts";
import type { RoomDocument } from "../document/document.ts";
import type { Outcome } from "../outcome.ts";
import type { RoomPorts } from "../ports.ts";
import { answerOf, outcomeOf } from "./answers.ts";
import { ClientRequests } from "./client-requests.ts";
import {
  apartRows,
  droppedText,
  maxBesideBytes,
  readDropped,
  readRow,
  rowText,
  type RequestGroup,
} from "./request-rows.ts";

/** A request of a client that has named itself. */
export type RequestId = { readonly client: string; readonly user: string; readonly seq: number };

/** The outcome of a request that is sent again. */
export type KnownOutcome = {
  readonly outcome: Outcome<string>;
  /** Whether it depends on the next commit. */
  readonly isPending: boolean;
};

/** The rows to write with a commit. */
export type RequestRows = {
  /** For the row of the change; omitted if there is nothing, or too much. */
  readonly beside?: string;
  readonly apart: readonly (readonly RequestGroup[])[];
};

/** Characters of a change that fits into one row in any case, at 3 bytes each. */
const maxPatchCharacters = 600_000;
/** Refusals that are kept only in memory. */
const maxInMemory = 1000;
/** Clients to remember after their answers were dropped. */
const maxSilentClients = 1000;
/** The most that rows of their own may hold. */
const maxApart = { rows: 1000, bytes: 4 * 1024 * 1024 } as const;

type ApartRow = {
  readonly groups: readonly RequestGroup[];
  readonly version: number;
  readonly bytes: number;
};

type Loaded = {
  readonly clients: Map<string, ClientRequests>;
  apart: ApartRow[];
  apartBytes: number;
  /** Whether some clients may have been forgotten. */
  isIncomplete: boolean;
  /** The version at which rows were last dropped while the journal still had it; `null` if none were dropped. */
  droppedAt: number | null;
  /** Whether any row is unreadable: it is then unknown what else was handled. */
  readonly isDamaged: boolean;
};

const keyOf = (client: string, seq: number): string => `${client} ${seq}`;

const listMember = (name: string, numbers: readonly number[]): string =>
  numbers.length > 0 ? `"${name}":[${numbers.join(",")}],` : "";

export class RequestLog {
  readonly #storage: RoomPorts["storage"];
  readonly #document: RoomDocument;
  #loaded: Loaded | null = null;
  /** The clients whose requests are written with the next commit. */
  readonly #pending = new Set<ClientRequests>();
  /** Refusals that may reveal what is staged: they are settled once that is committed. */
  #unsettled = new Set<string>();
  /** Requests that are only in memory, oldest first. */
  readonly #inMemory = new Map<string, readonly [ClientRequests, seq: number]>();
  /** The version up to which rows were forgotten. Rows removed before the room woke were never read. */
  #forgottenUpTo = -1;

  constructor(storage: RoomPorts["storage"], document: RoomDocument) {
    this.#storage = storage;
    this.#document = document;
  }

  /**
   * Check that a client name does not belong to another user.
   * @throws CollabError `client_taken`
   */
  checkOwner(client: string, user: string): void {
    const owner = this.#load().clients.get(client)?.user ?? user;
    if (owner !== user) throw new CollabError("client_taken");
  }

  /** The outcome of a request that was handled before; `null` if it was not handled. */
  find({ client, seq }: RequestId): KnownOutcome | null {
    const requests = this.#load().clients.get(client);
    const request = requests?.get(seq);
    if (request !== undefined) {
      const isPending = request.kept === "pending" || this.#unsettled.has(keyOf(client, seq));
      return { outcome: outcomeOf(request.answer), isPending };
    }
    if (requests === undefined || seq > requests.floor) return null;
    return { outcome: { error: new CollabError("request_forgotten") }, isPending: false };
  }

  /**
   * Remember the outcome of a request, unless it may have another outcome when it is sent again.
   * @param needsRow whether it must be stored even if it has changed nothing
   * @param isStaged whether the next commit has anything to write, possibly because of this request
   */
  add(
    { client, user, seq }: RequestId,
    outcome: Outcome<string>,
    { needsRow, isStaged }: { readonly needsRow: boolean; readonly isStaged: boolean },
  ): void {
    const answer = answerOf(outcome);
    if (answer === null) return;
    const { clients } = this.#load();
    const requests = clients.get(client) ?? new ClientRequests(client, user);
    clients.set(client, requests);
    const isDone = "ok" in outcome;
    requests.add(seq, answer, isDone && (isStaged || needsRow) ? "pending" : "memory");
    if (!isDone && isStaged) this.#unsettled.add(keyOf(client, seq));
    if (!isDone || (!isStaged && !needsRow)) return this.#keepInMemory(requests, seq);
    this.#pending.add(requests);
    if (!isStaged) this.#writeApart();
  }

  #keepInMemory(requests: ClientRequests, seq: number): void {
    this.#inMemory.set(keyOf(requests.client, seq), [requests, seq]);
    if (this.#inMemory.size <= maxInMemory) return;
    for (const [key, [oldest, number]] of this.#inMemory) {
      this.#inMemory.delete(key);
      oldest.unlearn(number);
      if (oldest.isEmpty && oldest.highestStored === 0) this.#load().clients.delete(oldest.client);
      return;
    }
  }

  // Writing

  /** The rows to write with the commit of everything that is staged. */
  rows(): RequestRows {
    if (this.#pending.size === 0) return { apart: [] };
    const groups = this.#groups();
    const beside = rowText(groups);
    const { isStaged, stagedCharacters } = this.#document;
    return isStaged && stagedCharacters <= maxPatchCharacters && utf8Bytes(beside) <= maxBesideBytes
      ? { beside, apart: [] }
      : { apart: apartRows(groups) };
  }

  #groups(): RequestGroup[] {
    return Array.from(this.#pending, (requests) => ({
      client: requests.client,
      user: requests.user,
      before: requests.highestStored,
      answers: requests.unstored(),
    }));
  }

  /** Write rows without a change. */
  append(rows: RequestRows["apart"], version: number): void {
    const loaded = this.#load();
    for (const groups of rows) {
      const text = rowText(groups);
      const bytes = utf8Bytes(text);
      this.#storage.appendRequests({ version, text });
      loaded.apart.push({ groups, version, bytes });
      loaded.apartBytes += bytes;
    }
    if (loaded.apart.length > maxApart.rows || loaded.apartBytes > maxApart.bytes)
      this.#dropApart(loaded);
  }

  /** Write rows now: nothing is staged, but something must be remembered. */
  #writeApart(): void {
    const { version } = this.#document;
    this.append(apartRows(this.#groups()), version);
    this.#markStored(version);
  }

  /** The result of `rows` was committed. @param journalStart the version that the journal starts from */
  afterCommit(journalStart: number): void {
    this.#markStored(this.#document.version);
    this.#unsettled.clear();
    const loaded = this.#loaded;
    if (loaded === null || journalStart <= this.#forgottenUpTo) return;
    this.#forgottenUpTo = journalStart;
    for (const requests of loaded.clients.values()) requests.forgetUpTo(journalStart);
    loaded.apart = loaded.apart.filter(({ version }) => version > journalStart);
    loaded.apartBytes = loaded.apart.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#forgetSilentClients(loaded);
    // All rows from that time are gone.
    if (loaded.droppedAt === null || loaded.droppedAt > journalStart) return;
    loaded.droppedAt = null;
    this.#storage.dropRequests(0, null);
  }

  /** After a wake, clients without answers would be unknown anyway, so only the latest ones are kept. */
  #forgetSilentClients(loaded: Loaded): void {
    const silent = [...loaded.clients.values()].filter(({ isEmpty }) => isEmpty);
    for (const { client } of silent.slice(0, -maxSilentClients)) loaded.clients.delete(client);
    loaded.isIncomplete = true;
  }

  #markStored(version: number): void {
    for (const requests of this.#pending) {
      for (const [seq] of requests.unstored()) this.#inMemory.delete(keyOf(requests.client, seq));
      requests.markStored(version);
    }
    this.#pending.clear();
  }

  /** Rows of their own have grown too large: drop half of them. */
  #dropApart(loaded: Loaded): void {
    const { clients, apart } = loaded;
    let rows = 0;
    while (apart.length - rows > maxApart.rows / 2 || loaded.apartBytes > maxApart.bytes / 2) {
      const row = apart[rows++];
      if (row === undefined) break;
      loaded.apartBytes -= row.bytes;
      for (const { client, answers } of row.groups)
        for (const [seq] of answers) clients.get(client)?.forget(seq);
    }
    loaded.apart = apart.slice(rows);
    loaded.droppedAt = this.#document.headVersion;
    this.#forgetSilentClients(loaded);
    // Earlier rows of these clients may still exist: it must not look as if nothing had followed them.
    const floors = [...clients.values()].flatMap(({ client, user, floor }) =>
      floor > 0 ? [{ client, user, before: floor, answers: [] }] : [],
    );
    this.#storage.dropRequests(rows, droppedText(loaded.droppedAt, floors));
  }

  // Reading

  /**
   * The JSON members of a `welcome` about the requests of a client (rule X1).
   * @param resumed whether it gets all changes since its version
   * @param isReturning whether it had a version of this room, or of an earlier one with the same name
   */
  welcomeMembers(client: string, resumed: boolean, isReturning: boolean): string {
    const { clients, isIncomplete, droppedAt, isDamaged } = this.#load();
    if (isDamaged) return `"seq":null,`;
    const requests = clients.get(client);
    if (requests !== undefined) {
      const refused = listMember("refused", requests.refused());
      const missing = listMember("missing", requests.missing());
      return `"seq":${requests.highest},${refused}${missing}`;
    }
    const isSure = resumed ? droppedAt === null : !isReturning && !isIncomplete;
    return isSure ? `"seq":0,` : `"seq":null,`;
  }

  #load(): Loaded {
    if (this.#loaded !== null) return this.#loaded;
    const { rows, apart, dropped, journalStart } = this.#storage.readRequests();
    const start = journalStart ?? this.#document.version;
    const earlier = dropped === null ? null : readDropped(dropped);
    const clients = new Map<string, ClientRequests>();
    let isDamaged = false;
    const read = (text: string): readonly RequestGroup[] => {
      const groups = readRow(text);
      if (groups === null) isDamaged = true;
      return groups ?? [];
    };
    const learn = (version: number, groups: readonly RequestGroup[]): void => {
      for (const { client, user, before, answers } of groups) {
        const requests = clients.get(client) ?? new ClientRequests(client, user);
        clients.set(client, requests);
        requests.reach(before);
        for (const [seq, answer] of answers) requests.add(seq, answer, version);
      }
    };
    if (earlier !== null) learn(0, earlier.groups);
    else if (dropped !== null) isDamaged = true;
    for (const { version, text } of rows) learn(version, read(text));
    const separateRows = apart.map(({ version, text }) => ({
      groups: read(text),
      version,
      bytes: utf8Bytes(text),
    }));
    this.#loaded = {
      clients,
      apart: separateRows,
      apartBytes: separateRows.reduce((sum, { bytes }) => sum + bytes, 0),
      isIncomplete: dropped !== null || start > 0,
      droppedAt: dropped === null ? null : (earlier?.version ?? Infinity),
      isDamaged,
    };
    return this.#loaded;
  }
}
