// Presence as a session says it and as everybody sees it: what ends idleness, what ends typing, what is
// refused, and what becomes of several sessions of one user.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import {
  awayPresence,
  changePresence,
  firstPresence,
  nextLapse,
  rollUp,
  type SessionPresence,
} from "../../src/model/presence.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { json } from "../support/json-arbitraries.ts";
import { mergedByOracle } from "../support/merge-patch.ts";

const now = 1_800_000_000_000;
const nothing: SessionPresence = deepFreeze({ data: {}, at: now });
const iso = (ms: number): string => new Date(ms).toISOString();

/** Presence after several changes, a second apart. */
const after = (...patches: JsonObject[]): SessionPresence =>
  patches.reduce<SessionPresence>(
    (old, patch, index) => changePresence(old, patch, now + 1000 * index),
    nothing,
  );

/** Objects of which two together still fit. */
const small = json.object.filter((object) => jsonBytes(object) <= 1000);

const invalid = expect.objectContaining({ code: "invalid_presence", status: 400 });

describe("the presence a session begins with", () => {
  const unmoved = { data: {}, at: 0 };

  test("[P1] is what its user's entry says of name, color and avatarUrl", () => {
    const user = {
      id: "ada",
      name: "Ada",
      color: "#f00",
      avatarUrl: "a.png",
      cursor: 1,
      role: "x",
    };
    expect(firstPresence(user)).toEqual({
      data: { name: "Ada", color: "#f00", avatarUrl: "a.png" },
      at: 0,
    });
  });

  test("[P1] is nothing where the entry says nothing, or says what is no text", () => {
    expect(firstPresence({ id: "ada" })).toEqual(unmoved);
    expect(firstPresence({ id: "ada", name: 7, color: null, avatarUrl: ["a"] })).toEqual(unmoved);
    const byPrototype = JSON.parse('{"id":"ada","__proto__":{"name":"Eve"}}');
    expect(firstPresence(byPrototype)).toEqual(unmoved);
  });

  test("[P1] leaves out what is too much", () => {
    const user = { id: "ada", name: "Ada", avatarUrl: "x".repeat(3000) };
    expect(firstPresence(user)).toEqual({ data: { name: "Ada" }, at: 0 });
  });

  test("[P1] does not hide what another session of the user shows", () => {
    const moved = changePresence(firstPresence({ id: "ada" }), { cursor: 1 }, now);
    for (const sessions of [
      [moved, firstPresence({ id: "ada" })],
      [firstPresence({ id: "ada" }), moved],
    ])
      expect(rollUp(sessions, now)).toMatchObject({ cursor: 1, status: "online" });
  });
});

describe("a change", () => {
  test("[P1] is a merge patch on what the session has said", () => {
    const said = after({ name: "Ada", tool: { pen: true, size: 3 } }, { tool: { size: null } });
    expect(said).toEqual({ data: { name: "Ada", tool: { pen: true } }, at: now + 1000 });
  });

  test("[P1, S5] leads where RFC 7396 says, and changes neither side", () => {
    fc.assert(
      fc.property(small, small, (data, patch) => {
        const { typing: _typing, status: _status, idleSince: _since, ...rest } = patch;
        deepFreeze([data, rest]);
        const said = changePresence({ data, at: 0 }, rest, now);
        expect(canonical(said.data)).toBe(canonical(mergedByOracle(data, rest)));
        expect(said.at).toBe(now);
      }),
    );
  });

  test("[P3] typing lasts 5 s from when it was last said", () => {
    expect(after({ typing: true })).toEqual({ data: {}, at: now, typingUntil: now + 5000 });
    expect(after({ typing: true }, { mood: "calm" }).typingUntil).toBe(now + 5000);
    expect(after({ typing: true }, { typing: true }).typingUntil).toBe(now + 6000);
  });

  test.each([false, null])("[P3] typing ends when it is %j", (typing) => {
    expect(after({ typing: true }, { typing })).toEqual({ data: {}, at: now + 1000 });
  });

  test("[P1] idle is so from when it was first said", () => {
    expect(after({ status: "idle" })).toEqual({ data: {}, at: now, idleSince: now });
    expect(after({ status: "idle" }, { status: "idle" }).idleSince).toBe(now);
    expect(after({ status: "idle" }, { status: "online" }, { status: "idle" }).idleSince).toBe(
      now + 2000,
    );
  });

  test.each<[string, JsonObject]>([
    ["saying so", { status: "online" }],
    ["saying nothing of the status any more", { status: null }],
    ["moving the cursor", { cursor: { x: 1 } }],
    ["typing", { typing: true }],
  ])("[P3] %s ends being idle", (_, patch) => {
    const said = after({ status: "idle" }, patch);
    expect("idleSince" in said).toBe(false);
    expect(said.at).toBe(now + 1000);
  });

  test.each<[string, JsonObject]>([
    ["taking the cursor away", { cursor: null }],
    ["not typing", { typing: false }],
    ["anything else", { mood: "calm", name: "Ada" }],
    ["nothing at all", {}],
    ["moving the cursor while saying that one is idle", { cursor: { x: 1 }, status: "idle" }],
    ["typing while saying that one is idle", { typing: true, status: "idle" }],
  ])("[P3] %s does not", (_, patch) => {
    const said = after({ status: "idle" }, patch);
    expect(said).toMatchObject({ idleSince: now });
    expect("typingUntil" in said).toBe(false);
  });

  test("[P3] going idle ends typing, for good", () => {
    expect("typingUntil" in after({ typing: true }, { status: "idle" })).toBe(false);
    expect("typingUntil" in after({ typing: true }, { status: "idle" }, { status: null })).toBe(
      false,
    );
  });

  test("[S9, P1] keys that mean something to JavaScript are plain data", () => {
    const said = after(JSON.parse('{"__proto__":{"typing":true,"n":1},"constructor":2}'));
    expect(JSON.stringify(said.data)).toBe('{"__proto__":{"typing":true,"n":1},"constructor":2}');
    expect("typingUntil" in said).toBe(false);
    const less = changePresence(said, JSON.parse('{"__proto__":null}'), now);
    expect(JSON.stringify(less.data)).toBe('{"constructor":2}');
  });
});

describe("a change that is refused", () => {
  test.each<[string, JsonObject]>([
    ["idleSince", { idleSince: iso(now) }],
    ["idleSince", { idleSince: null }],
    ["typing", { typing: 1 }],
    ["typing", { typing: {} }],
    ["status", { status: "away" }],
    ["status", { status: true }],
    ["name", { name: 1 }],
    ["color", { color: { r: 1 } }],
    ["avatarUrl", { avatarUrl: [] }],
    ["16 levels", { deep: JSON.parse("[".repeat(16) + "]".repeat(16)) }],
    ["16 levels", { deep: JSON.parse("[".repeat(5000) + "]".repeat(5000)) }],
    ["2048 bytes", { cursor: { x: Infinity } }],
  ])("[P1] tells of %s: %#", (what, patch) => {
    const change = () => changePresence(nothing, patch, now);
    expect(change).toThrow(invalid);
    expect(change).toThrow(what);
  });

  test("[P1] is one after which there are more than 2,048 bytes", () => {
    const fill = (bytes: number): string => "x".repeat(bytes - '{"a":""}'.length);
    const full = after({ a: fill(2048) });
    expect(() => changePresence(full, { b: 1 }, now)).toThrow(invalid);
    expect(changePresence(full, { a: null, b: 1 }, now).data).toEqual({ b: 1 });
    // What the room itself keeps does not count.
    expect(changePresence(full, { typing: true }, now)).toMatchObject(full);
    expect(() => after({ a: fill(2049) })).toThrow(invalid);
    expect(() => after({ a: "é".repeat(1024) })).toThrow(invalid);
  });

  test("[P1] may be a patch that is larger than what comes of it", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key${n}`, null]));
    expect(after({ key7: 1, a: 1 }, many).data).toEqual({ a: 1 });
  });
});

describe("what everybody sees of a user", () => {
  const base = { name: "Anonymous", color: "#6366F1", typing: false, status: "online" };

  test("[P1] has a name, a color and a status, if they say nothing", () => {
    expect(rollUp([nothing], now)).toEqual(base);
  });

  test("[P1] is the data of the session that moved last, and no other's", () => {
    const older = { data: { name: "Ada", cursor: 1 }, at: now - 1 };
    const newer = { data: { cursor: 2, mood: "calm" }, at: now };
    for (const sessions of [
      [older, newer],
      [newer, older],
    ])
      expect(rollUp(sessions, now)).toEqual({ ...base, cursor: 2, mood: "calm" });
  });

  test("[P1, P3] types if any of their sessions does, until that lapses", () => {
    const sessions = [nothing, { ...nothing, typingUntil: now + 5 }, { data: {}, at: now + 1 }];
    expect(rollUp(sessions, now + 4).typing).toBe(true);
    expect(rollUp(sessions, now + 5).typing).toBe(false);
  });

  test("[P1] is idle if all of their sessions are, since the last one is", () => {
    const idle = (idleSince: number): SessionPresence => ({ ...nothing, idleSince });
    expect(rollUp([idle(now - 9), idle(now - 5), idle(now - 7)], now)).toEqual({
      ...base,
      status: "idle",
      idleSince: iso(now - 5),
    });
    expect(rollUp([idle(now - 9), nothing], now)).toEqual(base);
  });

  test("[P1] keeps its own typing and status apart from any data", () => {
    const data = JSON.parse('{"__proto__":{"status":"busy"}}') as JsonObject;
    const seen = rollUp([{ data, at: now }], now);
    expect(seen.status).toBe("online");
    expect(JSON.stringify(seen)).toContain('"__proto__":{"status":"busy"}');
  });
});

describe("what is left of a user who is away", () => {
  test("[P3] has no cursor, no typing and no idleness; the rest stays", () => {
    const seen = rollUp([after({ name: "Ada", mood: "calm", cursor: 1, typing: true })], now);
    expect(seen.typing).toBe(true);
    expect(awayPresence(seen)).toEqual({
      name: "Ada",
      color: "#6366F1",
      mood: "calm",
      typing: false,
      status: "away",
    });
    const idle = rollUp([after({ status: "idle" })], now);
    expect(awayPresence(idle)).toEqual({
      name: "Anonymous",
      color: "#6366F1",
      typing: false,
      status: "away",
    });
  });
});

describe("the next typing to lapse", () => {
  test("[P3] is the earliest that has not lapsed", () => {
    const until = (typingUntil: number): SessionPresence => ({ ...nothing, typingUntil });
    expect(nextLapse([until(now + 9), nothing, until(now + 3), until(now - 1)], now)).toBe(now + 3);
    expect(nextLapse([until(now), nothing], now)).toBeUndefined();
    expect(nextLapse([], now)).toBeUndefined();
  });
});
