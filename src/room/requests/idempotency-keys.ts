// Requests with an idempotency key (rule X2): a request with a known key gets its earlier answer. Keys are in
// storage, so they survive an eviction, and a stop that keeps the state. Keys that depend on staged changes are
// written with the commit.

import { CollabError } from "../../protocol/errors.ts";
import { utf8Bytes } from "../../protocol/json.ts";
import type { Outcome } from "../outcome.ts";
import { describe } from "../log.ts";
import type { RoomPorts } from "../ports.ts";
import type { StoredKey } from "../../storage/room-storage.ts";
import { answerOf, answerText, outcomeOf, readAnswer, type StoredAnswer } from "./answers.ts";
import { headBytes, surplusKeys } from "./surplus-keys.ts";

/** A request that must not be carried out twice. Plain data. */
export type KeyedRequest = {
  readonly key: string;
  /** Identifies the request: using the same key for another one is an error. */
  readonly fingerprint: string;
};

export type KnownAnswer = {
  /** The output is JSON text. */
  readonly outcome: Outcome<string>;
  /** Whether it depends on the next commit. */
  readonly isPending: boolean;
};

/** ms that a key is remembered. */
const lifetime = 24 * 3_600_000;
/** Keys that are remembered for that long, unless their answers are very large. */
const maxKeys = 1000;
const maxBytes = 16 * 1024 * 1024;
/** Keys over the limit before any are deleted. */
const slack = 100;

type KeySizes = { readonly keys: number; readonly bytes: number };

const isTooMuch = ({ keys, bytes }: KeySizes): boolean =>
  bytes > maxBytes || keys > maxKeys + slack;

type Parsed = readonly [user: string | null, fingerprint: string, ...StoredAnswer];

export class IdempotencyKeys {
  readonly #ports: Pick<RoomPorts, "storage" | "now" | "log">;
  readonly #pending = new Map<string, StoredKey>();
  #size: KeySizes | null = null;

  constructor(ports: Pick<RoomPorts, "storage" | "now" | "log">) {
    this.#ports = ports;
  }

  /**
   * The answer that a request with this key got earlier; `null` if none is known.
   * @param user id of the caller's user
   * @throws CollabError `client_taken` for another user's key, `key_reused` for another request's key,
   * `request_forgotten` if the row is unreadable
   */
  find({ key, fingerprint }: KeyedRequest, user: string | null): KnownAnswer | null {
    const pending = this.#pending.get(key);
    const stored = pending ?? this.#ports.storage.readKey(key);
    if (stored === null || stored.at <= this.#ports.now() - lifetime) return null;
    const parsed = readKey(stored.text);
    if (parsed === null) throw new CollabError("request_forgotten");
    const [owner, asked, ...answer] = parsed;
    if (owner !== user) throw new CollabError("client_taken");
    if (asked !== fingerprint) throw new CollabError("key_reused");
    return { outcome: outcomeOf(readAnswer(answer)), isPending: pending !== undefined };
  }

  /**
   * Remember the outcome of a request, unless it may have another outcome when it is sent again.
   * @param isPending whether it depends on the next commit and is written with it; otherwise it is written now, in
   * the same atomic write as everything else in this turn. The operation stands even if storage rejects the key,
   * which then waits in memory for the next commit.
   */
  add(
    { key, fingerprint }: KeyedRequest,
    user: string | null,
    outcome: Outcome<string>,
    isPending: boolean,
  ): void {
    const answer = answerOf(outcome);
    if (answer === null) return;
    const members = [JSON.stringify(user), JSON.stringify(fingerprint), answerText(answer)];
    const text = `[${members.filter((member) => member !== "").join(",")}]`;
    const stored = { key, at: this.#ports.now(), text };
    if (isPending || !this.#isWritten(stored)) this.#pending.set(key, stored);
  }

  #isWritten(key: StoredKey): boolean {
    try {
      this.#write([key]);
      return true;
    } catch (error) {
      this.#ports.log("key_not_written", { error: describe(error) });
      return false;
    }
  }

  get isPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Write the keys that depend on a commit; call this in the same atomic write. */
  writePending(): void {
    this.#write(this.#pending.values());
  }

  /** The pending keys are committed. */
  afterCommit(): void {
    this.#pending.clear();
  }

  #write(rows: Iterable<StoredKey>): void {
    const { storage } = this.#ports;
    let size = this.#size ?? storage.measureKeys();
    for (const row of rows) {
      storage.writeKey(row);
      size = { keys: size.keys + 1, bytes: size.bytes + utf8Bytes(row.text) };
    }
    if (isTooMuch(size)) {
      // Some may have been overwritten, or removed by a purge.
      size = storage.measureKeys();
      if (isTooMuch(size)) {
        this.#dropSurplus(size);
        size = storage.measureKeys();
      }
    }
    this.#size = size;
  }

  /** If answers are very large, delete so many that this does not happen with each new one. */
  #dropSurplus({ bytes }: KeySizes): void {
    const { storage, now } = this.#ports;
    const bound = { keys: maxKeys, bytes: bytes > maxBytes ? maxBytes / 2 : maxBytes };
    const heads = storage.readKeyHeads(headBytes);
    storage.removeKeys(surplusKeys(heads, bound, now() - lifetime));
  }
}

/** `null` if it is unreadable. */
function readKey(text: string): Parsed | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRow(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

const isRow = (value: unknown): value is Parsed => Array.isArray(value);
