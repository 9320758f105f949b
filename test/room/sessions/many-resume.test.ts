// Many clients resume at once, each from another version, and the journal is read once for all of them.

import { describe, expect, test } from "vitest";
import { workerCaller } from "../../../src/protocol/caller.ts";
import type { Change } from "../../../src/protocol/history.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { Member } from "../../../src/model/members.ts";
import type { RoomRecord } from "../../../src/model/record.ts";
import type { Resume } from "../../../src/model/session-attachment.ts";
import { broadcast } from "../../../src/room/operations/broadcast.ts";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { connectSession } from "../../../src/room/operations/connect-session.ts";
import { getRoomInfo } from "../../../src/room/operations/get-room-info.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { plainPatched } from "../../support/plain-patch.ts";
import { RoomByHand, SocketByHand } from "../../support/room-by-hand.ts";

/** A storage that counts reads of the journal. */
class CountingStorage extends MemoryRoomStorage<RoomRecord, Member> {
  scans = 0;
  rows = 0;

  override readChanges(after: number): Change[] {
    const changes = super.readChanges(after);
    this.scans++;
    this.rows += changes.length;
    return changes;
  }
}

const versions = 300;

/** A room at version 300, with an open window. */
async function gather() {
  const storage = new CountingStorage();
  const hand = new RoomByHand({ storage });
  for (let n = 0; n < 60; n++) await hand.connect(`user-${n}`);
  await hand.pass(1000);
  for (let n = 1; n <= versions; n++) {
    const source = { text: JSON.stringify({ [`key-${n % 50}`]: n }) };
    await Promise.all([hand.call(changeState, { kind: "merge", source }), hand.pass(10)]);
  }
  await hand.pass(1000);
  await hand.call(broadcast, { event: "wave", payload: { text: "1" } });
  storage.scans = storage.rows = 0;
  return { hand, storage, epoch: (await hand.call(getRoomInfo, undefined)).epoch };
}

/** A client resumes from what it has. */
async function comeBack(hand: RoomByHand, resume: Resume): Promise<SocketByHand> {
  const socket = new SocketByHand();
  const accept = (): SocketByHand => {
    hand.sockets.push(socket);
    return socket;
  };
  const user = { id: `back-${resume.since}` };
  const { scopes } = workerCaller;
  await hand.call(connectSession, { user, scopes, resume, accept });
  return socket;
}

/** The client's state at a version. */
function stateAt(version: number): JsonObject {
  const state: Record<string, number> = {};
  for (let n = 1; n <= version; n++) state[`key-${n % 50}`] = n;
  return state;
}

type Welcome = {
  readonly resumed: boolean;
  readonly patch: [];
  readonly state?: unknown;
  readonly version: number;
};

const welcomeOf = ({ frames }: SocketByHand): Welcome =>
  [JSON.parse(frames[0] ?? "") as Welcome | Welcome[]].flat()[0] as Welcome;

describe("clients that resume at the same time", () => {
  test("[W1, S10] from 300 versions cause one read of the journal, from the oldest of these on", async () => {
    const { hand, storage, epoch } = await gather();
    const back: SocketByHand[] = [];
    for (let since = 40; since <= versions; since++)
      back.push(await comeBack(hand, { since, epoch }));
    await hand.pass(1000);
    expect([storage.scans, storage.rows]).toEqual([1, versions - 40]);
    for (const [index, socket] of back.entries()) {
      const { resumed, patch, state, version } = welcomeOf(socket);
      expect([resumed, version]).toEqual([true, versions]);
      // The state itself is sent where it is shorter than the patch.
      expect(state ?? plainPatched(stateAt(40 + index), patch)).toEqual(stateAt(versions));
    }
  });

  test("[W1] with the current version or an unknown one cause no read", async () => {
    const { hand, storage, epoch } = await gather();
    const current = await comeBack(hand, { since: versions, epoch });
    const future = await comeBack(hand, { since: versions + 1, epoch });
    const other = await comeBack(hand, { since: 5, epoch: "of another life" });
    await hand.pass(1000);
    expect([storage.scans, storage.rows]).toEqual([0, 0]);
    expect(welcomeOf(current)).toMatchObject({ resumed: true, patch: [] });
    for (const socket of [future, other])
      expect(welcomeOf(socket)).toMatchObject({ resumed: false });
  });
});
