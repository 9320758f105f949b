// Whatever comes from outside or from storage: a decoder reads it, refuses it with an error of the table, or, where it
// reads storage, gives up on it. It throws nothing else, and what is refused leaves the state as it was. `SEED` repeats
// a run.

import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import { checkChange, planChange, planReturned, type ChangeKind } from "../../src/model/change.ts";
import { memberFromStorage, type Member } from "../../src/model/members.ts";
import { decodeFrame, readObserver } from "../../src/model/observer.ts";
import { checkEvent, checkPayload, decodePayload } from "../../src/model/payload.ts";
import { changePresence } from "../../src/model/presence.ts";
import { isOfLaterRelease, isRecord } from "../../src/model/record.ts";
import { initialFlow, pack, readAttachment } from "../../src/model/session-attachment.ts";
import { checkUser } from "../../src/model/user.ts";
import type { Effect } from "../../src/protocol/effects.ts";
import { CollabError } from "../../src/protocol/errors.ts";
import { isObject, parseJson, type JsonValue } from "../../src/protocol/json.ts";
import { resolveLimits } from "../../src/protocol/limits.ts";
import { checkPageLimit, decodeCursor } from "../../src/protocol/paging.ts";
import { checkRoomId } from "../../src/protocol/room-id.ts";
import { checkScopes } from "../../src/protocol/scopes.ts";
import { readRow } from "../../src/room/requests/request-rows.ts";
import { Session } from "../../src/room/sessions/session.ts";
import { canonical } from "../support/canonical-json.ts";
import { anyString, json, jsonWithKeys } from "../support/json-arbitraries.ts";
import { patchCases } from "../support/patch-arbitraries.ts";
import { SocketByHand } from "../support/room-by-hand.ts";
import { runs } from "../support/runs.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const options = { numRuns: runs(3000), seed };

const limits = resolveLimits({ stateBytes: 2000, stateDepth: 8, patchOperations: 20 });

/** @returns whether it threw; it may throw only an error of the table */
function refuses(decode: () => unknown): boolean {
  try {
    decode();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(CollabError);
    expect((error as CollabError).code).not.toBe("internal");
    return true;
  }
}

/** Any JSON, and what JSON cannot say. */
const anything: Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: json.value },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      undefined,
      Number.NaN,
      1n,
      Symbol("x"),
      () => 1,
      new Date(Number.NaN),
    ),
  },
);

/** What storage can hold: JSON, and the numbers beside it. */
const stored = fc.oneof(
  { weight: 4, arbitrary: json.value as Arbitrary<unknown> },
  { weight: 1, arbitrary: fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY) },
);

/** Something that is right but for one member, which is anything, or gone. */
const almost = <T extends object>(right: Arbitrary<T>): Arbitrary<T> =>
  fc.tuple(right, fc.nat(), stored, fc.boolean()).map(([object, pick, value, isGone]) => {
    const copy = structuredClone(object);
    const places: (readonly [object, string])[] = [];
    const visit = (container: unknown): void => {
      if (typeof container !== "object" || container === null || ArrayBuffer.isView(container))
        return;
      for (const [key, item] of Object.entries(container)) {
        places.push([container, key]);
        visit(item);
      }
    };
    visit(copy);
    const [container, key] = places[pick % places.length] ?? [copy, "x"];
    if (isGone && Array.isArray(container)) container.splice(Number(key), 1);
    else if (isGone) Reflect.deleteProperty(container, key);
    else
      Object.defineProperty(container, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return copy;
  });

describe(`${options.numRuns} inputs of each kind, SEED=${seed}`, () => {
  const kinds = fc.constantFrom<ChangeKind>("patch", "extendedPatch", "merge", "replace");
  const operation = fc.record(
    {
      op: fc.constantFrom(
        "add",
        "remove",
        "replace",
        "move",
        "copy",
        "test",
        "inc",
        "str_ins",
        "str_del",
        "?",
      ),
      path: fc.constantFrom("", "/a", "/b/0", "/a/b", "/-", "/c/-", "/0", "/__proto__", "/~", "a"),
      from: fc.constantFrom("", "/a", "/b", "/c/1", 7),
      value: json.value,
      by: fc.oneof(fc.double(), json.value),
      pos: fc.oneof(fc.integer({ min: -1, max: 5 }), json.value),
      len: fc.oneof(fc.integer({ min: -1, max: 5 }), json.value),
      str: fc.oneof(anyString, json.value),
    },
    { requiredKeys: ["op", "path"] },
  );
  const requests = fc.oneof(fc.array(operation, { maxLength: 5 }), json.object, json.value);
  const states = jsonWithKeys(fc.constantFrom("a", "b", "c", "0")).object;

  test("[S2, S5, S9, E1, E2] a patch, a merge or a state is applied, moved or refused, and then nothing has changed", () => {
    const tally = { applied: 0, refused: 0 };
    fc.assert(
      fc.property(
        patchCases(),
        states,
        kinds,
        requests,
        fc.option(fc.boolean()),
        ({ patch: earlier }, value, kind, request, strict) => {
          const state = { value: structuredClone(value), bytes: JSON.stringify(value).length };
          const before = canonical(state.value);
          const effects: Effect[] = earlier.flatMap(({ op, path }) => {
            const at = path.split("/").slice(1);
            const effect = { path: at, container: at.slice(0, -1), index: Number(at.at(-1)) || 0 };
            if (op === "add") return [{ kind: "insert", ...effect } as unknown as Effect];
            if (op === "remove") return [{ kind: "take", ...effect } as unknown as Effect];
            return [{ kind: "exchange", path: at }];
          });
          const isRefused = refuses(() => {
            const checked = checkChange(kind, request, limits);
            const based = strict !== null && checked.kind === "patch";
            const planned = based ? { ...checked, base: { version: 0, strict } } : checked;
            planChange(state, planned, limits, { effectsSince: () => effects });
          });
          if (isRefused) expect(canonical(state.value)).toBe(before);
          tally[isRefused ? "refused" : "applied"]++;
        },
      ),
      options,
    );
    for (const count of Object.values(tally)) expect(count).toBeGreaterThan(options.numRuns / 20);
  });

  test("[S2, B3] what an author's code returns becomes the state, or is refused", () => {
    fc.assert(
      fc.property(states, anything, (value, returned) => {
        const state = { value: structuredClone(value), bytes: JSON.stringify(value).length };
        const before = canonical(state.value);
        if (refuses(() => planReturned(state, returned, limits)))
          expect(canonical(state.value)).toBe(before);
      }),
      options,
    );
  });

  test("[U1, P1, A3, B5, S7, W5] users, presence, scopes, payloads, events, ids, cursors and texts are checked", () => {
    const presence = { data: { name: "Ada" }, at: 1 };
    fc.assert(
      fc.property(anything, json.object, anyString, (value, object, text) => {
        refuses(() => checkUser(value));
        refuses(() => checkUser({ ...object, id: text }));
        refuses(() => changePresence(presence, object, 2));
        refuses(() => changePresence(presence, { ...object, cursor: value as JsonValue }, 2));
        refuses(() => checkScopes(value));
        refuses(() => checkRoomId(value));
        refuses(() => checkPageLimit(value as number));
        refuses(() => decodeCursor(text, (key) => key));
        refuses(() => parseJson(text));
        refuses(() => decodePayload(text, limits));
        refuses(() => checkPayload(object, limits));
        refuses(() => checkEvent(text, object, limits));
        expect(presence).toEqual({ data: { name: "Ada" }, at: 1 });
      }),
      options,
    );
  });

  const attachment = {
    shape: 3,
    id: "s-1",
    userId: "ada",
    client: "ada-1",
    scopes: ["room:read"],
    presence: { data: { cursor: { x: 1 } }, at: 5, typingUntil: 5005, idleSince: 4 },
    sessionCount: 3,
    state: { kind: "joining", resume: { since: 3, epoch: "e" } },
    flow: { ...initialFlow, marks: [{ n: 8, at: 8, sentAt: 0 }] },
    heardAt: 6,
    probe: 8,
    isSampled: true,
    watched: pack(["bob"]),
  };
  const packed = almost(fc.constant(attachment)).map(({ presence, ...rest }) => ({
    ...rest,
    presence: presence === undefined ? undefined : pack(presence),
  }));

  test("[R6, U8] an attachment is one of a session that works, of an observer, or none", () => {
    const tally = { sessions: 0, none: 0 };
    fc.assert(
      fc.property(fc.oneof(packed, almost(packed), anything), (value) => {
        const read = readAttachment(value);
        tally[read ? "sessions" : "none"]++;
        readObserver(value);
        if (read === null) return;
        const ports = { now: () => 7, newId: () => crypto.randomUUID() };
        const session = new Session(new SocketByHand(), read, limits, ports);
        session.send("x");
        session.acknowledge(8);
        session.probe();
        expect(session.watched.every((id) => typeof id === "string")).toBe(true);
        expect(Number.isNaN(session.unread + session.silence)).toBe(false);
      }),
      options,
    );
    for (const count of Object.values(tally)) expect(count).toBeGreaterThan(options.numRuns / 20);
  });

  const member: Member = {
    seq: 1,
    entry: { id: "ada", joinedAt: "2026-01-01T00:00:00.000Z", seq: 1, meta: {} },
    lease: { ttl: 5, seen: { at: 1, until: 2 } },
    bySocket: true,
    awayUntil: 9,
    away: { name: "A", color: "#fff", typing: false, status: "away" },
    scopes: ["room:read"],
    held: { presence: { data: {}, at: 1, idleSince: 3 }, until: 8, ttl: 2 },
  };

  test("[R9, S10] a member's record has times that are times, or is none", () => {
    fc.assert(
      fc.property(almost(fc.constant(member)), (value) => {
        const read = memberFromStorage(value, 10, 100);
        if (read === null) return;
        const { awayUntil = 0, lease, held } = read;
        const times = [
          read.seq,
          awayUntil,
          lease?.ttl ?? 0,
          lease?.seen.until ?? 0,
          held?.until ?? 0,
        ];
        expect(times.every(Number.isFinite)).toBe(true);
        expect(isObject(read.entry) && typeof read.entry.id).toBe("string");
      }),
      options,
    );
  });

  test("[S10, X1, H10] records, rows of requests and frames of observers never throw", () => {
    const record = {
      status: "running",
      behaviour: "b",
      epoch: "e",
      createdAt: 1,
      idleTimeout: 1,
      activeUntil: 1,
    };
    const rows = [["c", "u", 0, [[1, 1, {}], [2, 0, { code: "patch_failed" }], [3]]]];
    fc.assert(
      fc.property(
        almost(fc.constant(record)),
        almost(fc.constant(rows)),
        anything,
        anyString,
        (one, row, value, text) => {
          for (const each of [one, value])
            expect(isOfLaterRelease(each) && isRecord(each)).toBe(false);
          const groups = readRow(textOf(row)) ?? [];
          for (const { client, before, answers } of groups) {
            expect([typeof client, typeof before]).toEqual(["string", "number"]);
            for (const [seq] of answers) expect(Number.isSafeInteger(seq)).toBe(true);
          }
          readRow(text);
          readRow(textOf(value));
          decodeFrame(text);
        },
      ),
      options,
    );
  });
});

/** What JSON cannot say is no text. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
