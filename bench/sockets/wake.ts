// Waking from hibernation: the first reply of a room that has slept, for a large room and a small one.

import type { Target } from "../client/server-protocols.ts";
import type { WakeResult } from "../client/wake.ts";
import { median } from "../statistics.ts";
import { send, type BenchServers } from "./bench-servers.ts";
import type { Measurement } from "./measurement.ts";

const rounds = 3;
const itemBytes = 1000;
/** Requests that may be under way at once. */
const concurrency = 16;

export const wakeUp: Measurement = {
  name: "hibernation wake",
  async run(servers) {
    const targets = [
      await createRoom(servers, { items: 1, members: 1 }),
      // The limit of a state is 1 MiB, keys included.
      await createRoom(servers, { items: 1023, members: 1000 }),
    ];
    const results = await servers.client.run("wake", { targets, rounds });
    const [small, large] = results;
    return {
      rows: [
        {
          what: "first reply after sleep, 1 MiB and 1,000 members, ms",
          figures: { ours: firstReply(large) },
          target: { relation: "<=", value: 60 },
        },
        {
          what: "  times as long as when awake",
          figures: { ours: timesAsLong(large) },
          target: { relation: "<=", value: 15 },
        },
        { what: "  1 KiB and 1 member, ms", figures: { ours: firstReply(small) } },
        { what: "  times as long as when awake", figures: { ours: timesAsLong(small) } },
      ],
      rounds: results,
    };
  },
};

const firstReply = (result: WakeResult | undefined): number | undefined =>
  result && median(result.first);

const timesAsLong = (result: WakeResult | undefined): number | undefined =>
  result && median(result.first.map((ms, round) => ms / (result.warm[round] ?? Number.NaN)));

/** A room with a state of so many items, and so many members besides the socket's. */
async function createRoom(
  servers: BenchServers,
  { items, members }: { readonly items: number; readonly members: number },
): Promise<Target> {
  const target = await servers.createRoom("ours");
  const { url, room } = target;
  const list = Object.fromEntries(
    Array.from({ length: items }, (_, n) => [`item${n}`, { text: "x".repeat(itemBytes - 20) }]),
  );
  await send("PUT", new URL(`/rooms/${room}/state`, url), { title: "", list });
  for (let first = 0; first < members; first += concurrency)
    await Promise.all(
      Array.from({ length: Math.min(concurrency, members - first) }, (_, n) =>
        send("POST", new URL(`/rooms/${room}/users`, url), { id: `member${first + n}` }),
      ),
    );
  return target;
}
