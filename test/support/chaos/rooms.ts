// The rooms of a run, and what is known of each.

import { Fact } from "./fact.ts";
import { RoomLedger } from "./ledger.ts";

/** A room that clients write into. */
export type SharedRoom = {
  readonly id: string;
  /** What may happen to it while they do. */
  readonly fate: "kept" | "stopped" | "purged";
  readonly ledger: RoomLedger;
  /** Whether users who come over HTTP are in the room, by id. */
  readonly members: ReadonlyMap<string, Fact<boolean>>;
};

/** A room that nobody writes into: it starts, stops and is purged. */
export type BriefRoom = {
  readonly id: string;
  readonly ledger: RoomLedger;
  readonly isRunning: Fact<boolean>;
};

const fates = ["kept", "kept", "stopped", "purged"] as const;
const membersPerRoom = 6;
const briefRoomCount = 6;

export const sharedRooms = (): SharedRoom[] =>
  fates.map((fate, n) => {
    const id = `${fate}-${n}`;
    const members = Array.from({ length: membersPerRoom }, (_, k) => `member-${n}-${k}`);
    return {
      id,
      fate,
      ledger: new RoomLedger(id),
      members: new Map(members.map((member) => [member, new Fact(false)])),
    };
  });

export const briefRooms = (): BriefRoom[] =>
  Array.from({ length: briefRoomCount }, (_, n) => {
    const id = `brief-${n}`;
    return { id, ledger: new RoomLedger(id), isRunning: new Fact(false) };
  });
