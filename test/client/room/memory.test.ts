// A client's memory does not grow while others change the state for a long time.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { RoomClient } from "../../../src/client/room-client.ts";
import type { Patch } from "../../../src/protocol/json-patch.ts";
import { FakeEnvironment, type FakeSocket } from "../support/fake-environment.ts";
import { welcome } from "../support/welcome.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that are still in use after garbage collection. */
function bytesInUse(): number {
  for (let turn = 0; turn < 3; turn++) collectGarbage();
  return process.memoryUsage().heapUsed;
}

const items = 200;
/** Changes of 1 KiB, 20 per second. */
const [changes, perSecond] = [12_000, 20];

test("[C3, C6] ten minutes of 20 KiB of changes per second leave nothing behind", async () => {
  const environment = new FakeEnvironment();
  const room = new RoomClient(
    { url: "https://rooms.example.com", room: "design", user: { id: "ada" } },
    environment,
  );
  await environment.advance(0);
  const socket = environment.sockets[0] as FakeSocket;
  socket.open();
  const list = Array.from({ length: items }, (_, id) => ({ id, text: "" }));
  socket.receive(welcome({ state: { list }, scopes: ["room:admin"], seq: 0 } as never));
  // An undo step, which has to be transformed through all changes.
  room.update(
    ((draft: { list: { text: string }[] }) => void draft.list.push({ text: "mine" })) as never,
  );
  socket.receive(
    {
      type: "change",
      from: 0,
      to: 1,
      patch: [{ op: "add", path: `/list/${items}`, value: { text: "mine" } }],
    },
    { type: "reply", ref: 1, ok: true, version: 1 },
  );
  room.subscribe(() => room.getSnapshot());

  const play = async (count: number, from: number): Promise<void> => {
    for (let n = from; n < from + count; n++) {
      socket.receive({ type: "change", from: n, to: n + 1, patch: changeOf(n) });
      if (n % perSecond === 0) await environment.advance(1000 / perSecond);
    }
  };
  await play(2000, 1); // what has been compiled and cached by then stays
  const before = bytesInUse();
  await play(changes, 2001);
  const grown = bytesInUse() - before;
  expect(room.history.undo()).toEqual({ undone: true, skipped: 0 });
  expect(grown).toBeLessThan(1024 * 1024);
  room.disconnect();
});

/** One item is added, one changed, and one removed, so that the list keeps its length. */
function changeOf(n: number): Patch {
  const text = `${n}`.padEnd(900, "x");
  return [
    { op: "add", path: "/list/0", value: { id: n, text } },
    { op: "replace", path: `/list/${(n * 31) % items}/text`, value: text.slice(0, 100) },
    { op: "remove", path: `/list/${items / 2}` },
  ];
}
