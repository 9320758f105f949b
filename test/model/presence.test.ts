// The presence of one session, and the presence that everybody sees: what ends idleness and typing, what is
// refused, and how several sessions of one user are combined.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import {
  awayPresence,
  changePresence,
  initialPresence,
  nextTypingExpiry,
  combinePresence,
  presenceFromStorage,
  typingTimeout,
  type SessionPresence,
} from "../../src/model/presence.ts";
import { canonical, deepFreeze, jsonBytes } from "../support/canonical-json.ts";
import { json } from "../support/json-arbitraries.ts";
import { mergedByOracle } from "../support/merge-patch.ts";

const now = 1_800_000_000_000;
const unmoved = deepFreeze({ data: {}, at: 0 } as const);
const nothing: SessionPresence = deepFreeze({ data: {}, at: now - 60_000 });
const iso = (ms: number): string => new Date(ms).toISOString();

/** Presence after several changes, a second apart. */
const after = (...patches: JsonObject[]): SessionPresence =>
  patches.reduce<SessionPresence>(
    (old, patch, index) => changePresence(old, patch, now + 1000 * index),
    nothing,
  );

/** Objects that are small enough to be merged within the limit. */
const small = json.object.filter((object) => jsonBytes(object) <= 1000);

const invalid = expect.objectContaining({ code: "invalid_presence", status: 400 });

describe("the initial presence of a session", () => {
  test("[P1] has the name, color and avatarUrl of the user's entry", () => {
    const user = {
      id: "ada",
      name: "Ada",
      color: "#f00",
      avatarUrl: "a.png",
      cursor: 1,
      role: "x",
    };
    expect(initialPresence(user)).toEqual({
      data: { name: "Ada", color: "#f00", avatarUrl: "a.png" },
      at: 0,
    });
  });

  test("[P1] is empty if the entry has none of them, or none that is a string", () => {
    expect(initialPresence({ id: "ada" })).toEqual(unmoved);
    expect(initialPresence({ id: "ada", name: 7, color: null, avatarUrl: ["a"] })).toEqual(unmoved);
    const inherited = JSON.parse('{"id":"ada","__proto__":{"name":"Eve"}}');
    expect(initialPresence(inherited)).toEqual(unmoved);
  });

  test("[P1] leaves out a member that is too large", () => {
    const user = { id: "ada", name: "Ada", avatarUrl: "x".repeat(3000) };
    expect(initialPresence(user)).toEqual({ data: { name: "Ada" }, at: 0 });
  });

  test("[P1] does not replace what another session of the user shows", () => {
    const moved = changePresence(initialPresence({ id: "ada" }), { cursor: 1 }, now);
    for (const sessions of [
      [moved, initialPresence({ id: "ada" })],
      [initialPresence({ id: "ada" }), moved],
    ])
      expect(combinePresence(sessions, now)).toMatchObject({ cursor: 1, status: "online" });
  });
});

describe("a change", () => {
  test("[P1] is a merge patch on the presence of the session", () => {
    const said = after({ name: "Ada", tool: { pen: true, size: 3 } }, { tool: { size: null } });
    expect(said).toEqual({ data: { name: "Ada", tool: { pen: true } }, at: now + 1000 });
  });

  test("[P1, S5] has the result of RFC 7396 and changes neither side", () => {
    fc.assert(
      fc.property(small, small, (data, patch) => {
        const { typing: _typing, status: _status, idleSince: _since, ...rest } = patch;
        deepFreeze([data, rest]);
        const said = changePresence({ data, at: 0 }, rest, now);
        expect(canonical(said.data)).toBe(canonical(mergedByOracle(data, rest)));
        expect(said.at).toBe(Object.keys(rest).length > 0 ? now : 0);
      }),
    );
  });

  test("[P3] to typing lasts 5 s after it was last sent", () => {
    expect(after({ typing: true })).toEqual({ data: {}, at: now, typingUntil: now + 5000 });
    expect(after({ typing: true }, { mood: "calm" }).typingUntil).toBe(now + 5000);
    expect(after({ typing: true }, { typing: true }).typingUntil).toBe(now + 6000);
  });

  test.each([false, null])("[P3] of typing to %j ends it", (typing) => {
    expect(after({ typing: true }, { typing })).toEqual({ data: {}, at: now });
  });

  test("[P1] to idle sets idleSince to when it was first sent", () => {
    expect(after({ status: "idle" })).toEqual({ ...nothing, idleSince: now });
    expect(after({ status: "idle" }, { status: "idle" }).idleSince).toBe(now);
    expect(after({ status: "idle" }, { status: "online" }, { status: "idle" }).idleSince).toBe(
      now + 2000,
    );
  });

  test.each<[string, JsonObject]>([
    ["to status online", { status: "online" }],
    ["that removes the status", { status: null }],
    ["of the cursor", { cursor: { x: 1 } }],
    ["to typing", { typing: true }],
  ])("[P3] %s ends idleness", (_, patch) => {
    const said = after({ status: "idle" }, patch);
    expect("idleSince" in said).toBe(false);
  });

  test.each<JsonObject>([
    { cursor: { x: 1 } },
    { cursor: null },
    { mood: "calm" },
    { typing: true },
    { typing: true, status: "idle" },
  ])("[P1] to %j is a move", (patch) => {
    expect(changePresence(nothing, patch, now).at).toBe(now);
  });

  test.each<JsonObject>([
    {},
    { status: "idle" },
    { status: "online" },
    { status: null },
    { typing: false },
    { typing: null, status: "idle" },
  ])("[P1] to %j is no move", (patch) => {
    expect(changePresence(nothing, patch, now).at).toBe(nothing.at);
    expect(changePresence(unmoved, patch, now).at).toBe(0);
  });

  test("[P1, T5] that is a move comes after all earlier moves of the user, whatever the clock says", () => {
    const ahead = now + 3_600_000;
    const [first, other] = [{ cursor: 1 }, { cursor: 2 }].map((patch, index) =>
      changePresence(unmoved, patch, now, index === 0 ? ahead : ahead + 1),
    ) as [SessionPresence, SessionPresence];
    for (const sessions of [
      [first, other],
      [other, first],
    ])
      expect(combinePresence(sessions, now)).toMatchObject({ cursor: 2 });
    const again = changePresence(first, { cursor: 3 }, now, other.at);
    expect(combinePresence([again, other], now)).toMatchObject({ cursor: 3 });
  });

  test.each<[string, JsonObject]>([
    ["that removes the cursor", { cursor: null }],
    ["that ends typing", { typing: false }],
    ["of other members", { mood: "calm", name: "Ada" }],
    ["of nothing", {}],
    ["of the cursor with status idle", { cursor: { x: 1 }, status: "idle" }],
    ["to typing with status idle", { typing: true, status: "idle" }],
  ])("[P3] %s does not end idleness", (_, patch) => {
    const said = after({ status: "idle" }, patch);
    expect(said).toMatchObject({ idleSince: now });
    expect("typingUntil" in said).toBe(false);
  });

  test("[P3] to idle ends typing for good", () => {
    expect("typingUntil" in after({ typing: true }, { status: "idle" })).toBe(false);
    expect("typingUntil" in after({ typing: true }, { status: "idle" }, { status: null })).toBe(
      false,
    );
  });

  test("[S9, P1] may have keys with a meaning to JavaScript, which are plain data", () => {
    const said = after(JSON.parse('{"__proto__":{"typing":true,"n":1},"constructor":2}'));
    expect(JSON.stringify(said.data)).toBe('{"__proto__":{"typing":true,"n":1},"constructor":2}');
    expect("typingUntil" in said).toBe(false);
    const less = changePresence(said, JSON.parse('{"__proto__":null}'), now);
    expect(JSON.stringify(less.data)).toBe('{"constructor":2}');
  });
});

describe("a refused change", () => {
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
  ])("[P1] names the mistake %s: %#", (what, patch) => {
    const change = () => changePresence(nothing, patch, now);
    expect(change).toThrow(invalid);
    expect(change).toThrow(what);
  });

  test("[P1] is one that leads to more than 2,048 bytes", () => {
    const fill = (bytes: number): string => "x".repeat(bytes - '{"a":""}'.length);
    const full = after({ a: fill(2048) });
    expect(() => changePresence(full, { b: 1 }, now)).toThrow(invalid);
    expect(changePresence(full, { a: null, b: 1 }, now).data).toEqual({ b: 1 });
    // Members that the room maintains do not count.
    expect(changePresence(full, { typing: true }, now).data).toEqual(full.data);
    expect(() => after({ a: fill(2049) })).toThrow(invalid);
    expect(() => after({ a: "é".repeat(1024) })).toThrow(invalid);
  });

  test("[P1] is not a patch that is larger than its result", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key${n}`, null]));
    expect(after({ key7: 1, a: 1 }, many).data).toEqual({ a: 1 });
  });
});

describe("the combined presence of a user", () => {
  const base = { name: "Anonymous", color: "#6366F1", typing: false, status: "online" };

  test("[P1] has a name, a color and a status by default", () => {
    expect(combinePresence([nothing], now)).toEqual(base);
  });

  test("[P1] has only the data of the session that moved last", () => {
    const older = { data: { name: "Ada", cursor: 1 }, at: now - 1 };
    const newer = { data: { cursor: 2, mood: "calm" }, at: now };
    for (const sessions of [
      [older, newer],
      [newer, older],
    ])
      expect(combinePresence(sessions, now)).toEqual({ ...base, cursor: 2, mood: "calm" });
  });

  test("[P1, P3] is typing if any session is, until that expires", () => {
    const sessions = [nothing, { ...nothing, typingUntil: now + 5 }, { data: {}, at: now + 1 }];
    expect(combinePresence(sessions, now + 4).typing).toBe(true);
    expect(combinePresence(sessions, now + 5).typing).toBe(false);
  });

  test("[P1] is idle if all sessions are, since the last one became idle", () => {
    const idle = (idleSince: number): SessionPresence => ({ ...nothing, idleSince });
    expect(combinePresence([idle(now - 9), idle(now - 5), idle(now - 7)], now)).toEqual({
      ...base,
      status: "idle",
      idleSince: iso(now - 5),
    });
    expect(combinePresence([idle(now - 9), nothing], now)).toEqual(base);
  });

  test("[P1] has its own typing and status, whatever the data contains", () => {
    const data = JSON.parse('{"__proto__":{"status":"busy"}}') as JsonObject;
    const seen = combinePresence([{ data, at: now }], now);
    expect(seen.status).toBe("online");
    expect(JSON.stringify(seen)).toContain('"__proto__":{"status":"busy"}');
  });
});

describe("presence that was saved", () => {
  test("[R6] is as it was", () => {
    for (const presence of [nothing, after({ cursor: 1, typing: true }), after({ status: "idle" })])
      expect(presenceFromStorage(presence, now)).toEqual(presence);
  });

  test("[T5, P3] by a clock that was ahead types no longer than anybody else", () => {
    const presence = after({ typing: true });
    const earlier = now - 3_600_000;
    expect(presenceFromStorage(presence, earlier)).toEqual({
      ...presence,
      typingUntil: earlier + typingTimeout,
    });
  });
});

describe("the presence of a user who is away", () => {
  test("[P3] has no cursor, no typing and no idleSince; the rest stays", () => {
    const seen = combinePresence(
      [after({ name: "Ada", mood: "calm", cursor: 1, typing: true })],
      now,
    );
    expect(seen.typing).toBe(true);
    expect(awayPresence(seen)).toEqual({
      name: "Ada",
      color: "#6366F1",
      mood: "calm",
      typing: false,
      status: "away",
    });
    const idle = combinePresence([after({ status: "idle" })], now);
    expect(awayPresence(idle)).toEqual({
      name: "Anonymous",
      color: "#6366F1",
      typing: false,
      status: "away",
    });
  });
});

describe("the next expiry of typing", () => {
  test("[P3] is the earliest in the future", () => {
    const until = (typingUntil: number): SessionPresence => ({ ...nothing, typingUntil });
    expect(nextTypingExpiry([until(now + 9), nothing, until(now + 3), until(now - 1)], now)).toBe(
      now + 3,
    );
    expect(nextTypingExpiry([until(now), nothing], now)).toBeUndefined();
    expect(nextTypingExpiry([], now)).toBeUndefined();
  });
});
