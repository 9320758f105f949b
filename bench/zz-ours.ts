import { Arena } from "./sockets/arena.ts";
const arena = await Arena.open(["ours"]);
const name = "ours";
const only = process.argv[2];
async function go(what: string, f: () => Promise<unknown>) {
  if (only && only !== what) return;
  try {
    console.log(what, await f());
  } catch (e) {
    console.log(what, String(e));
  }
}
try {
  for (const [sockets, inFlightEach] of [
    [100, 2],
    [1, 1],
    [1, 100],
  ] as const)
    await go("updates", async () => ({
      sockets,
      inFlightEach,
      ...(await arena.client.run("updates", {
        target: await arena.room(name),
        sockets,
        inFlightEach,
        seconds: 2,
      })),
    }));
  await go(
    "presence",
    async () =>
      await arena.client.run("presence", {
        target: await arena.room(name),
        sockets: 100,
        movesPerSecond: 20,
        seconds: 3,
      }),
  );
  await go(
    "one",
    async () =>
      await arena.client.run("oneChange", { target: await arena.room(name, 100000), sockets: 10 }),
  );
  await go(
    "storm",
    async () =>
      await arena.client.run("storm", {
        target: await arena.room(name, 100000),
        sockets: 1000,
        missed: 20,
      }),
  );
  await go(
    "crowd",
    async () => await arena.client.run("crowd", { target: await arena.room(name), sockets: 5000 }),
  );
} finally {
  await arena.close();
}
