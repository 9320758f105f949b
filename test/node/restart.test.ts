// A server that restarts, gracefully or after SIGKILL: all sockets are lost, but no user leaves because of
// it. Users who do not come back leave once, when the grace period ends.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asking, startEnds } from "../support/ends.ts";
import { outsideClients } from "../support/outside-client.ts";
import type { Server } from "../support/server.ts";

let folder: string;
let server: Server;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "collab-room-restart-"));
  server = await startEnds(folder);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const { connect } = outsideClients(() => server.url);
const ask = asking(() => server);

const downs = {
  "a restart": () => server.stop(),
  "kill -9": () => server.kill(),
} as const;

describe.for(Object.entries(downs))("after %s", ([, goDown]) => {
  async function restart(): Promise<void> {
    await goDown();
    server = await startEnds(folder);
  }

  test.for([1, 2])(
    "[U8, U6, R6] a user with %d sockets is away, and no hook is called if they come back in time",
    async (tabs) => {
      const id = await ask.start("patient");
      const before = await Promise.all(
        Array.from({ length: tabs }, () => connect(id, { id: "ada" })),
      );
      const bob = await connect(id, { id: "bob" });
      await restart();
      for (const { closed } of [...before, bob]) expect((await closed).code).toBe(1006);
      expect(await ask.users(id)).toEqual(["ada", "bob"]);
      expect(await ask.statuses(id)).toEqual({ ada: "away", bob: "away" });
      expect(await ask.sockets(id)).toBe(0);
      const ada = await connect(id, { id: "ada" });
      expect(ada.welcome.user).toEqual(before[0]?.welcome.user);
      expect(await ask.statuses(id)).toEqual({ ada: "online", bob: "away" });
      expect(await ask.calls(id)).toEqual([]);
    },
  );

  test.for([1, 2])(
    "[U8, U6] a user with %d sockets who does not come back leaves once",
    async (tabs) => {
      const id = await ask.start("steady");
      await Promise.all(Array.from({ length: tabs }, () => connect(id, { id: "ada" })));
      await restart();
      await ask.users(id); // any request wakes the room
      await ask.called(id, "onLeave ada");
      await (await connect(id, { id: "bob" })).close();
      await ask.called(id, "onLeave bob");
      expect(await ask.calls(id)).toEqual(["onLeave ada", "onJoin bob", "onLeave bob"]);
      expect(await ask.users(id)).toEqual([]);
    },
  );

  test("[U6, R6] users leave once when their grace period ends, even without any request", async () => {
    const id = await ask.start("steady");
    const bob = await connect(id, { id: "bob" });
    const ada = await connect(id, { id: "ada" });
    await ada.close();
    await bob.until(({ presence }) => presence["ada"]?.status === "away");
    await restart();
    // The alarm wakes the room; no request does.
    await ask.called(id, "onLeave ada");
    await ask.called(id, "onLeave bob");
    expect((await ask.calls(id)).toSorted()).toEqual(["onLeave ada", "onLeave bob"]);
  });
});
