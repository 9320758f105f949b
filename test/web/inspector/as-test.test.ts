// Frames of the inspector's wire, written down as a test for the testing kit.

import { runInNewContext } from "node:vm";
import type { JsonObject } from "collab-room/protocol";
import { expect, test } from "vitest";
import { asTest } from "../../../web/src/inspector/wire/as-test.ts";
import type { WireEntry } from "../../../web/src/inspector/wire/entry.ts";

const sent = (user: string, text: string): WireEntry => ({
  id: 0,
  kind: "frame",
  at: "2026-11-28T10:00:00.000Z",
  direction: "in",
  session: "s",
  user,
  types: [],
  bytes: text.length,
  text,
});

test("has who has sent what, in order, and leaves out what does nothing", () => {
  const text = asTest("doc", 'the "room"', { title: "Bridge" }, [
    sent("ada", '{"type":"update","ref":1,"patch":[{"op":"inc","path":"/n","by":1}],"base":1}'),
    sent("bob", '[{"type":"update","ref":1,"merge":{"owner":null}},{"type":"ack","n":7}]'),
    sent("ada", '{"type":"action","ref":2,"name":"rename","payload":{"title":"Dam"}}'),
    { ...sent("ada", '{"type":"upd'), isCut: true } as WireEntry,
  ]);
  const lines = text.split("\n").map((line) => line.trim());
  const steps = lines.filter((line) =>
    /^(const person|net\.join|await net\.(settle\(p|room)|\/\/)/.test(line),
  );
  expect(steps).toEqual([
    "await net.room.updateState(() => ({",
    'const person1 = net.join("ada");',
    'net.join("bob");',
    'await net.room.updateState((state) => patched(state, [{"op":"inc","path":"/n","by":1}]));',
    'await net.room.updateState((state) => mergePatch(state as never, {"owner":null}) as never);',
    'await net.settle(person1.action("rename", {"title":"Dam"}));',
    '// A frame of 12 bytes from "ada" was not captured in full.',
  ]);
  expect(lines).toContain('test("what happened in the \\"room\\"", async () => {');
});

test("names a behaviour that no variable can have", () => {
  const text = asTest("default", "r", {}, []);
  expect(text).toContain('import { behaviour } from "./default.ts";');
  expect(text).not.toContain("collab-room/protocol");
});

test("has no line that somebody has written into their id", () => {
  for (const end of ["\u2028", "\u2029", "\r", "\n"]) {
    const text = asTest("doc", `r${end}steal();`, { [end]: `${end}steal();` }, [
      { ...sent(`eve${end}steal(); //`, '{"type":"upd'), isCut: true } as WireEntry,
      sent(`eve${end}steal(); //`, JSON.stringify({ type: "action", name: `${end}steal();` })),
    ]);
    const lines = text.split(/[\r\n\u2028\u2029]/).map((line) => line.trim());
    expect(lines.filter((line) => line.startsWith("steal"))).toEqual([]);
  }
});

test("has a member whose name is special in JavaScript as a member", () => {
  const special = JSON.parse('{"__proto__":{"a":1},"text":"{\\"__proto__\\":1"}') as JsonObject;
  const payload = JSON.stringify({ type: "action", name: "rename", payload: special });
  const text = asTest("doc", "r", special, [sent("eve", payload)]);
  const [, state = ""] = /updateState\(\(\) => \((.*?)\)\);/s.exec(text) ?? [];
  const [, input = ""] = /action\("rename", (.*?)\)\);/s.exec(text) ?? [];
  for (const code of [state, input])
    expect(JSON.stringify(runInNewContext(`(${code})`))).toBe(JSON.stringify(special));
});

test("says where frames are missing, and names nobody who is not spoken to again", () => {
  const text = asTest("doc", "r", {}, [
    { id: 1, kind: "dropped", at: "2026-11-28T10:00:00.000Z", frames: 12 } as WireEntry,
    sent("ada", '{"type":"update","ref":1,"patch":[{"op":"inc","path":"/n","by":1}],"base":1}'),
  ]);
  expect(text).toContain("// 12 frames are missing here.");
  expect(text).toContain('\n  net.join("ada");');
});
