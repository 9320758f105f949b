// @vitest-environment happy-dom
// What components see of the people in a room, and of the user's scopes.

import { createElement as h, memo } from "react";
import { expect, test } from "vitest";
import { createHooks } from "../../src/react/create-room-context.ts";
import { createFakeRoom, fakeConnect, person } from "./support/fake-room.ts";
import { happens, probe, render } from "./support/render.ts";

const {
  RoomProvider,
  useSelf,
  useOthers,
  useOther,
  usePeople,
  useCounts,
  usePresence,
  useScopes,
  useCan,
} = createHooks<{ title: string }>(fakeConnect().connect);

const answered = () => createFakeRoom<{ title: string }>({ title: "Sketch" });

async function show<Value>(use: () => Value, room = answered()) {
  const { Probe, seen, last } = probe(use);
  await render(h(RoomProvider, { room }, h(memo(Probe))));
  return { room, seen, last };
}

test("[C9] useSelf() is undefined until the room has answered", async () => {
  const room = createFakeRoom<{ title: string }>();
  const { last } = await show(() => [useSelf(), useSelf((self) => self.id)], room);
  expect(last()).toEqual([undefined, undefined]);
  await happens(() => room.answer({ title: "" }));
  expect(last()).toEqual([room.self, "ada"]);
});

test("[C9] useOthers() is empty at first, and renders again when one of them has changed", async () => {
  const { room, seen, last } = await show(() => useOthers());
  expect(seen).toEqual([[]]);
  const others = [person("bob", 2), person("cyd", 3)];
  await happens(() => room.frame({ others }));
  expect(last()).toBe(others);
  await happens(() => room.frame({ others: [...others] }));
  expect(seen).toHaveLength(2);
});

test("[C9] a selector of others decides what causes a render", async () => {
  const { room, seen } = await show(() => useOthers((others) => others.map((other) => other.id)));
  const [bob, cyd] = [person("bob", 2), person("cyd", 3)];
  await happens(() => room.frame({ others: [bob, cyd] }));
  await happens(() => room.frame({ others: [bob, person("cyd", 3, { x: 7 })] }));
  await happens(() => room.frame({ others: [bob] }));
  expect(seen).toEqual([[], ["bob", "cyd"], ["bob"]]);
});

test("[C9] a component that shows one person does not render when another one moves", async () => {
  const { room, seen } = await show(() => useOther("bob", (bob) => bob.presence?.cursor));
  const bob = person("bob", 2, { x: 1 });
  await happens(() => room.frame({ others: [bob, person("cyd", 3)] }));
  await happens(() => room.frame({ others: [bob, person("cyd", 3, { x: 9 })] }));
  expect(seen).toEqual([undefined, { x: 1 }]);
  await happens(() => room.frame({ others: [person("bob", 2, { x: 2 })] }));
  await happens(() => room.frame({ others: [] }));
  expect(seen).toEqual([undefined, { x: 1 }, { x: 2 }, undefined]);
});

test("[C9] a component can switch to another person", async () => {
  const room = answered();
  room.frame({ others: [person("bob", 2), person("cyd", 3)] });
  const shown: unknown[] = [];
  const Name = ({ id }: { id: string }) => {
    shown.push(useOther(id)?.entry.seq);
    return null;
  };
  const page = await render(h(RoomProvider, { room }, h(Name, { id: "bob" })));
  await page.render(h(RoomProvider, { room }, h(Name, { id: "cyd" })));
  expect(shown).toEqual([2, 3]);
});

test("[C9] usePeople() lists everybody shown, and useCounts() has the totals of the room", async () => {
  const { room, last } = await show(() => [usePeople((all) => all.length), useCounts().users]);
  const counts = { users: 4870, online: 3120, idle: 1702, away: 48, typing: 6 };
  await happens(() => room.frame({ people: [room.self, person("bob", 2)], counts }));
  expect(last()).toEqual([2, 4870]);
});

test("[C9] usePresence() returns the user's presence and a setter that stays the same", async () => {
  const { room, seen, last } = await show(() => usePresence());
  const [, set] = last();
  await happens(() => set({ cursor: { x: 3 } }));
  expect(room.calls).toEqual([["setPresence", { cursor: { x: 3 } }]]);
  expect(last()[0]?.cursor).toEqual({ x: 3 });
  expect(last()[1]).toBe(set);
  await happens(() => room.frame({ others: [person("bob", 2)] }));
  expect(seen).toHaveLength(2);
});

test("[C9] a scope includes others, and can be taken away", async () => {
  const room = createFakeRoom<{ title: string }>();
  const { seen, last } = await show(() => ({ may: useCan("room:act"), scopes: useScopes() }), room);
  expect(last()).toEqual({ may: false, scopes: [] });
  await happens(() => room.answer({ title: "" }));
  expect(last()).toEqual({ may: true, scopes: ["room:read", "room:write", "presence:write"] });
  await happens(() => room.frame({ scopes: ["room:read"] }));
  expect(last()).toEqual({ may: false, scopes: ["room:read"] });
  await happens(() => room.frame({ scopes: ["room:read"] }));
  expect(seen).toHaveLength(3);
});
