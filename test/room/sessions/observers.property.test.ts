// Whatever happens to a room, an observer that applies what it receives, and resumes with what it has, reaches the
// room's state.

import fc from "fast-check";
import type { JsonObject, RoomChange, RoomHandle } from "collab-room";
import { expect, test } from "vitest";
import {
  breakWrites,
  crash,
  failureCode,
  hibernate,
  mendWrites,
  newId,
  redeploy,
  rooms,
} from "../../support/core/rooms.ts";
import { plainPatched } from "../../support/plain-patch.ts";
import { runs } from "../../support/runs.ts";

/** What a reader of changes keeps. */
class Follower {
  readonly #room: RoomHandle;
  #reader: AsyncGenerator<RoomChange, void>;
  #epoch = "";
  #version = -1;
  #state: JsonObject = {};

  constructor(room: RoomHandle) {
    this.#room = room;
    this.#reader = room.changes();
  }

  get state(): JsonObject {
    return this.#state;
  }

  /** Read until this version is reached, and resume whenever the reader was closed. */
  async reach(version: number): Promise<void> {
    while (this.#version < version) {
      try {
        const { value } = await this.#reader.next();
        if (value === undefined) throw new Error("The room has stopped.");
        this.#take(value);
      } catch (error) {
        expect(error).toMatchObject({ code: "session_lost" });
        const has = { epoch: this.#epoch, since: this.#version };
        this.#reader = this.#room.changes(this.#version < 0 ? {} : has);
      }
    }
    expect(this.#version).toBe(version);
  }

  async close(): Promise<void> {
    await this.#reader.return();
  }

  #take(change: RoomChange): void {
    if (change.type === "change") {
      expect(change.from).toBe(this.#version);
      expect(change.to).toBeGreaterThan(change.from);
      this.#state = plainPatched(this.#state, change.patch) as JsonObject;
      this.#version = change.to;
    } else {
      this.#epoch = change.epoch;
      this.#version = change.version;
      this.#state = change.state;
    }
  }
}

const key = fc.constantFrom("a", "b", "__proto__", "constructor", "0");
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ set: key, to: fc.integer() }) },
  { weight: 3, arbitrary: fc.record({ together: fc.array(key, { minLength: 2, maxLength: 5 }) }) },
  { weight: 4, arbitrary: fc.constantFrom("sleep", "deploy", "crash", "fail", "read", "large") },
);

test("[H10, R6, R10] an observer reaches the room's state, whatever happens on the way", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const room = await rooms.joinOrCreateRoom(newId(), { behaviour: "patient" });
      const follower = new Follower(room);
      await follower.reach(0);
      const set = async (name: string, value: unknown): Promise<void> => {
        const patch = [{ op: "add", path: `/${name}`, value: value as number }] as const;
        await room.patchState(patch);
      };
      for (const each of steps) {
        await room.alive(); // only an awake object can sleep
        if (each === "sleep") await hibernate(room.id);
        else if (each === "deploy") await redeploy(room.id);
        else if (each === "crash") await crash(room.id);
        else if (each === "read") await follower.reach((await room.info()).version);
        else if (each === "large") await set("large", "x".repeat(200_000));
        else if (each === "fail") {
          await breakWrites(room.id, "changes");
          expect(await failureCode(set("never", 1))).toBe("commit_failed");
          await mendWrites(room.id, "changes");
        } else if ("set" in each) await set(each.set, each.to);
        else await Promise.all(each.together.map((name, n) => set(name, n)));
      }
      await follower.reach((await room.info()).version);
      expect(JSON.stringify(follower.state)).toBe(JSON.stringify(await room.getState()));
      await follower.close();
    }),
    { numRuns: runs(100) },
  );
}, 60_000);
