// The directory's shards in memory, as objects that one reaches by name. They follow the scripts of their
// rooms like the shards of fixtures/worker.ts.

import { compareIds } from "../../../src/protocol/room-id.ts";
import type { RoomEntry } from "../../../src/protocol/rooms.ts";
import type { ShardCounts, ShardQuery } from "../../../src/cloudflare/rpc.ts";
import { failIfDirectoryDown, scriptOf } from "../../fixtures/scripts.ts";
import { nextEvent } from "./events.ts";

export class TestShard {
  readonly #name: string;
  readonly #rooms = new Map<string, RoomEntry>();
  readonly #revisions = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  async put(entry: RoomEntry, revision: number): Promise<number> {
    await nextEvent();
    await scriptOf(entry.id).listing?.();
    failIfDirectoryDown(entry.id);
    if (!this.#isNew(entry.id, revision)) return this.#nextRevision(entry.id);
    this.#rooms.set(entry.id, entry);
    return revision;
  }

  async remove(id: string, revision: number): Promise<number> {
    await nextEvent();
    await scriptOf(id).unlisting?.();
    failIfDirectoryDown(id);
    if (!this.#isNew(id, revision)) return this.#nextRevision(id);
    this.#rooms.delete(id);
    return revision;
  }

  #isNew(id: string, revision: number): boolean {
    if (revision <= (this.#revisions.get(id) ?? 0)) return false;
    this.#revisions.set(id, revision);
    return true;
  }

  #nextRevision(id: string): number {
    return (this.#revisions.get(id) ?? 0) + 1;
  }

  /** Remove a room that nobody asks for any more. */
  forget(id: string): void {
    this.#rooms.delete(id);
  }

  async list({ prefix, after, limit }: ShardQuery): Promise<{ rooms: RoomEntry[]; total: number }> {
    await nextEvent();
    failIfDirectoryDown(this.#name);
    const selected = [...this.#rooms.values()].filter(({ id }) => id.startsWith(prefix));
    const rooms = selected
      .filter(({ id }) => compareIds(id, after) > 0)
      .toSorted((a, b) => compareIds(a.id, b.id))
      .slice(0, limit);
    return { rooms, total: selected.length };
  }

  async counts(): Promise<ShardCounts> {
    await nextEvent();
    failIfDirectoryDown(this.#name);
    const entries = [...this.#rooms.values()];
    return { rooms: entries.length, users: entries.reduce((sum, { users }) => sum + users, 0) };
  }
}
