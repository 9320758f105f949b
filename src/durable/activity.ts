// What the room remembers of itself, and when it was last active (rules T1, T2, T4).

import { deadline, seeAgain, seenExactly, seenFromStorage, type Seen } from "../room/seen.ts";
import type { RoomRecord, StopRequest } from "../room/record.ts";
import type { RoomPorts } from "./ports.ts";

export class Activity {
  readonly #ports: Pick<RoomPorts, "storage" | "now">;
  #record: RoomRecord;
  #seen: Seen;

  constructor(ports: Pick<RoomPorts, "storage" | "now">, record: RoomRecord) {
    this.#ports = ports;
    this.#record = record;
    this.#seen = seenFromStorage(record.activeUntil);
  }

  get record(): RoomRecord {
    return this.#record;
  }

  /** Epoch ms. A cold room knows only a bound, which may lie ahead. */
  get lastAt(): number {
    return Math.min(this.#seen.at, this.#ports.now());
  }

  /** Epoch ms at which the room stops if it is empty and nothing happens. */
  get idleDeadline(): number {
    return deadline(this.#seen, this.#record.idleTimeout);
  }

  /** Something has happened. @param occupied whether users are in the room: then it cannot stop */
  note(occupied: boolean): void {
    const { idleTimeout } = this.#record;
    this.#see(seeAgain(this.#seen, this.#ports.now(), idleTimeout, !occupied));
  }

  /** The last user has left: from now on the deadline counts, so it is written exactly. */
  noteEmptied(): void {
    this.#see(seenExactly(this.#ports.now()));
  }

  /** Remember that a stop was asked for. */
  noteStop(stopping: StopRequest): void {
    this.#write({ ...this.#record, stopping });
  }

  /** Note whether the directory has the entry. */
  noteListed(listed: boolean): void {
    if ((this.#record.listed ?? false) !== listed) this.#write({ ...this.#record, listed });
  }

  /** Write the record as it is, for a room that starts. */
  write(): void {
    this.#ports.storage.writeRoom(this.#record);
  }

  #see(seen: Seen): void {
    this.#seen = seen;
    if (seen.until !== this.#record.activeUntil)
      this.#write({ ...this.#record, activeUntil: seen.until });
  }

  #write(record: RoomRecord): void {
    this.#ports.storage.writeRoom(record);
    this.#record = record;
  }
}
