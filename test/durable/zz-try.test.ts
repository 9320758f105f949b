import { expect, test } from "vitest";
import { connect, refusal } from "../support/socket-client.ts";
import { newId, rooms, evict, crash } from "../support/rooms.ts";
import { expectOk, expectFailed } from "../support/session.ts";
import { send, at } from "../support/http.ts";

test("flow", async () => {
  const id = newId();
  const ada = await connect(id, { id: "ada", name: "Ada" }, { behaviour: "scripted" });
  expect(ada.protocol).toBe("collab-room.v1");
  const bob = await connect(id, { id: "bob" });
  console.log(JSON.stringify(bob.welcome));
  expectOk(await ada.update([{ op: "add", path: "/a", value: 1 }]));
  expectOk(await ada.merge({ b: { __proto__x: 1 } }, 1));
  expectFailed(await ada.merge({ b: 2 }, 1), "version_conflict");
  expectOk(await ada.act("rename", { title: "x" }));
  expectFailed(await ada.act("refuse"), "action_refused");
  expectFailed(await ada.act("fail"), "action_failed");
  expectFailed(await ada.act("rename", {}), "invalid_payload");
  expectOk(await ada.show({ cursor: { x: 1 }, typing: true }));
  expectOk(await ada.touch());
  expectOk(await ada.broadcast("wave", 1));
  await ada.ping();
  await bob.fence();
  await ada.fence();
  expect(ada.state).toEqual(bob.state);
  expect(ada.users).toEqual(bob.users);
  expect(ada.presence).toEqual(bob.presence);
  console.log(ada.frames.join("\n"));
  const resumed = await connect(id, { id: "cyd" }, { resume: { version: 0, epoch: ada.epoch, state: {} } });
  expect(resumed.welcome.resumed).toBe(true);
  expect(resumed.state).toEqual(ada.state);
  ada.sendRaw("{");
  console.log(await ada.next("error"));
  ada.sendRaw(new Uint8Array([1]));
  console.log(await ada.next("error"));
  ada.send({ type: "touch", ref: "a" }, { type: "touch", ref: "b" });
  await ada.next("reply", ({ ref }) => ref === "b");
  console.log(await bob.leave());
  await ada.until(({ users }) => users.length === 2);
  console.log(await ada.close(1000, "bye"));
  await resumed.until(({ presence }) => presence["ada"]?.status === "away");
  console.log(await resumed.close());
});

test("kick and stop", async () => {
  const id = newId();
  const ada = await connect(id, { id: "ada" });
  const bob = await connect(id, { id: "bob" });
  await rooms.leaveRoom(id, "ada");
  console.log(await ada.closed);
  await send("DELETE", at(id));
  console.log(await bob.closed);
});
test("large", async () => {
  const id = newId();
  const ada = await connect(id, { id: "ada" });
  for (const k of "abcdef") expectOk(await ada.merge({ [k]: "x".repeat(100_000) }));
  const bob = await connect(id, { id: "bob" });
  await bob.fence();
  console.log(ada.messages.filter(({type}) => type === "mark"), bob.messages.map(({type}) => type));
});
test("refusals", async () => {
  console.log(await refusal(newId()));
  console.log(await refusal(newId(), { id: "a" }, { protocols: ["x"] }));
  console.log(await refusal(newId(), { id: "a" }, { query: { since: "1" } }));
  console.log(await refusal(newId(), { id: "a" }, { headers: { upgrade: "h2c" } }));
});
test("evict and crash", async () => {
  const id = newId();
  const ada = await connect(id, { id: "ada" });
  const bob = await connect(id, { id: "bob" });
  await evict(id);
  expectOk(await ada.merge({ a: 1 }));
  await ada.fence(); await bob.fence();
  expect(bob.state).toEqual({ a: 1 });
  await crash(id);
  console.log(await ada.closed, await bob.closed);
});
