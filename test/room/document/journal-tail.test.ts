// How far back a client can resume. Whatever snapshots are taken in between, the journal keeps at least the last 1,000
// versions or the last 256 KiB of changes.

import { describe, expect, test } from "vitest";
import { JsonDocument } from "../../../src/room/document/json-document.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { resolveLimits } from "../../../src/protocol/limits.ts";
import type { Member } from "../../../src/model/members.ts";
import type { RoomRecord } from "../../../src/model/record.ts";
import { MemoryRoomStorage } from "../../../src/storage/memory.ts";
import { plainPatched } from "../../support/plain-patch.ts";
import { evict, sql } from "../../support/core/rooms.ts";
import type { TestSession } from "../../support/session.ts";
import { connect } from "../../support/core/socket-client.ts";
import { gather } from "../../support/core/sessions.ts";
import { planOn } from "../../support/planned.ts";

const limits = resolveLimits();

/** A document that remembers the state of each version, and how many bytes of changes came before it. */
function create() {
  const storage = new MemoryRoomStorage<RoomRecord, Member>();
  let document = JsonDocument.create(storage);
  const states: JsonObject[] = [{}];
  const bytesAt = [0];
  return {
    storage,
    /** Make this many changes in one row. */
    write(path: string, value: string | number, versions = 1): void {
      let bytes = bytesAt.at(-1) as number;
      for (let n = 0; n < versions; n++) {
        const patch = [{ op: "add", path, value: `${value}:${n}` } as const];
        const planned = planOn(document.head, { kind: "patch", patch }, limits);
        if (planned === null) throw new Error("expected a change");
        document.stage(planned);
        states.push(planned.next.value);
        bytesAt.push((bytes += JSON.stringify(patch).length));
      }
      document.commit();
    },
    sleep(): void {
      ({ document } = JsonDocument.open(storage));
    },
    /** Whether a client with that version can resume. If so, it must get the current state. */
    resumes(version: number): boolean {
      const patch = document.patchesSince([version]).get(version);
      if (patch === undefined) return false;
      expect(plainPatched(states[version] as JsonObject, JSON.parse(patch))).toEqual(
        document.value,
      );
      return true;
    },
    get version(): number {
      return document.version;
    },
    /** The bytes of changes since that version. */
    bytesSince: (version: number): number =>
      (bytesAt.at(-1) as number) - (bytesAt[version] as number),
  };
}

describe("the tail of a journal", () => {
  test("[S10] of small changes reaches back 1,000 versions, even right after a snapshot", () => {
    const document = create();
    let oldest = 0;
    for (let n = 1; n <= 6500; n++) {
      document.write(`/k${n % 10}`, n);
      if (n % 1999 === 0) document.sleep();
      // A missing version stays missing for longer than this interval.
      if (n > 1000 && n % 21 === 0 && !document.resumes(n - 1000))
        throw new Error(`not from ${n - 1000} to ${n}`);
      if (n % 500 === 0) while (!document.resumes(oldest)) oldest += 25;
    }
    // Not everything is kept, and snapshots were taken.
    expect(oldest).toBeGreaterThan(0);
    expect(document.storage.readHistory().snapshots).toHaveLength(2);
  });

  test.for([2000, 20_000, 60_000, 150_000])(
    "[S10] of changes of %i characters reaches back 256 KiB, even right after a snapshot",
    (size) => {
      const document = create();
      const snapshots = new Set<number>();
      for (let n = 1; n <= (40 * 150_000) / Math.max(size, 20_000); n++) {
        document.write(`/k${n % 2}`, String(n % 10).repeat(size));
        if (n % 7 === 0) document.sleep();
        for (const { version } of document.storage.readHistory().snapshots) snapshots.add(version);
        let oldest = document.version;
        while (oldest > 0 && document.bytesSince(oldest - 1) <= 256 * 1024) oldest--;
        if (!document.resumes(oldest)) throw new Error(`not from ${document.version} to ${oldest}`);
      }
      if (size > 2000) expect(snapshots.size).toBeGreaterThan(1);
    },
  );

  test("[S10] of windows of many versions has no row for the versions inside a window", () => {
    const document = create();
    for (let n = 0; n < 100; n++) document.write("/n", n, 10);
    expect(document.version).toBe(1000);
    for (let version = 0; version <= 1000; version++)
      expect(document.resumes(version)).toBe(version % 10 === 0);
  });
});

describe("a room whose journal was truncated", () => {
  test("[W1, S10] resumes clients whose version it still has, and sends the whole state to the others", async () => {
    const { id, room, sessions } = await gather("swift", "ada");
    const [ada] = sessions as [TestSession];
    const { epoch } = ada.welcome;
    const known = [{ epoch, version: 0, state: {} }];
    for (let n = 1; n <= 14; n++) {
      await room.patchState([{ op: "add", path: "/text", value: String(n % 10).repeat(60_000) }]);
      known.push({ epoch, version: n, state: await room.getState() });
    }
    const snapshots = await sql(id, "SELECT DISTINCT version FROM snapshots ORDER BY version");
    expect(snapshots).toEqual([{ version: 5 }, { version: 10 }]);
    const expectTail = async (): Promise<void> => {
      for (const had of known) {
        const { welcome, state } = await connect(id, { id: "ada" }, { resume: had });
        expect(welcome.resumed).toBe(had.version >= 5);
        expect(state).toEqual(known.at(-1)?.state);
      }
    };
    await expectTail();
    await evict(id);
    await expectTail();
  });
});
