// The room's own record in storage, and when the room was last active (rules T1, T2, T4).

import {
  advanceWatermark,
  deadline,
  exactWatermark,
  watermarkFromStorage,
  type ActivityWatermark,
} from "../model/activity-watermark.ts";
import type { RoomRecord, StopRequest } from "../model/record.ts";
import type { RoomPorts } from "./ports.ts";

export class Activity {
  readonly #ports: Pick<RoomPorts, "storage" | "now">;
  #record: RoomRecord;
  #watermark: ActivityWatermark;

  constructor(ports: Pick<RoomPorts, "storage" | "now">, record: RoomRecord) {
    this.#ports = ports;
    this.#record = record;
    // The clock may have been ahead when the bound was written.
    const latest = ports.now() + Math.floor(record.idleTimeout / 10);
    this.#watermark = watermarkFromStorage(Math.min(record.activeUntil, latest));
  }

  get record(): RoomRecord {
    return this.#record;
  }

  /** Epoch ms. A room that has just woken knows only an upper bound, which may lie in the future. */
  get lastAt(): number {
    return Math.min(this.#watermark.at, this.#ports.now());
  }

  /** Epoch ms at which the room stops if it stays empty and nothing happens. */
  get idleDeadline(): number {
    return deadline(this.#watermark, this.#record.idleTimeout);
  }

  /** Note that something has happened. @param occupied whether users are in the room: it cannot stop then */
  markActive(occupied: boolean): void {
    const { idleTimeout } = this.#record;
    this.#advance(advanceWatermark(this.#watermark, this.#ports.now(), idleTimeout, !occupied));
  }

  /** The last user has left. The deadline counts from now on, so it is written exactly. */
  markEmptied(): void {
    this.#advance(exactWatermark(this.#ports.now()));
  }

  /** Record that a stop was requested. */
  markStopRequested(stopping: StopRequest): void {
    this.#write({ ...this.#record, stopping });
  }

  /** Write the record of a room that is starting. */
  writeInitial(): void {
    this.#ports.storage.writeRoom(this.#record);
  }

  #advance(watermark: ActivityWatermark): void {
    this.#watermark = watermark;
    if (watermark.until !== this.#record.activeUntil)
      this.#write({ ...this.#record, activeUntil: watermark.until });
  }

  #write(record: RoomRecord): void {
    this.#ports.storage.writeRoom(record);
    this.#record = record;
  }
}
