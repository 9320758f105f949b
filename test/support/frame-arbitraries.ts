// Frames by the grammar of docs/PROTOCOL.md, for a room whose state is { list, text, n }: messages whose members fit,
// do not fit or are missing, alone and in arrays; and texts that are broken in one place.

import fc, { type Arbitrary } from "fast-check";
import type { JsonValue } from "../../src/protocol/json.ts";
import { anyNumber, anyString, json } from "./json-arbitraries.ts";

export const frameState = { list: ["a", "b", "c"], text: "abc", n: 1 } as const;

const mostly = (good: Arbitrary<unknown>): Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: json.value });

const pointers = fc.constantFrom(
  "/list/0",
  "/list/1",
  "/list/-",
  "/list/99",
  "/list/01",
  "/list",
  "/text",
  "/n",
  "/new",
  "/__proto__",
  "/constructor/name",
  "",
  "/",
  "/~2",
  "list",
);

/** A value of a state, small enough for a state to stay small. */
const small = fc.oneof(
  fc.constantFrom<JsonValue>(null, 1, "x", [], {}, ["a"], { a: 1 }),
  anyString,
);

const operation = fc.record(
  {
    op: mostly(
      fc.constantFrom(
        "add",
        "remove",
        "replace",
        "move",
        "copy",
        "test",
        "inc",
        "str_ins",
        "str_del",
      ),
    ),
    path: mostly(pointers),
    from: mostly(pointers),
    value: small,
    by: mostly(anyNumber),
    pos: mostly(fc.nat(6)),
    len: mostly(fc.integer({ min: 1, max: 3 })),
    str: mostly(anyString),
  },
  { requiredKeys: ["op", "path"] },
);

const ref = mostly(fc.oneof(fc.integer(), fc.string({ minLength: 1, maxLength: 8 })));
const version = mostly(fc.nat(40));

const of = <T extends Record<string, Arbitrary<unknown>>>(
  type: string,
  members: T,
): Arbitrary<unknown> =>
  fc.record({ type: fc.constant(type), ...members }, { requiredKeys: ["type"] });

const message = fc.oneof(
  {
    weight: 4,
    arbitrary: of("update", { ref, patch: mostly(fc.array(operation, { maxLength: 4 })) }),
  },
  {
    weight: 3,
    arbitrary: of("update", {
      ref,
      patch: mostly(fc.array(operation, { minLength: 1, maxLength: 3 })),
      base: version,
      strict: mostly(fc.boolean()),
      seq: mostly(fc.integer({ min: 1, max: 50 })),
    }),
  },
  {
    weight: 2,
    arbitrary: of("update", {
      ref,
      merge: mostly(fc.dictionary(fc.constantFrom("n", "new", "list", "__proto__"), small)),
      ifVersion: version,
    }),
  },
  {
    weight: 2,
    arbitrary: of("action", {
      ref,
      name: mostly(
        fc.constantFrom("rename", "look", "nothing", "refuse", "fail", "vandal", "bad", "toString"),
      ),
      payload: mostly(fc.constantFrom({ title: "x" }, {}, null)),
      seq: mostly(fc.integer({ min: 1, max: 50 })),
    }),
  },
  {
    weight: 2,
    arbitrary: of("presence", {
      ref,
      data: mostly(
        fc.record(
          {
            cursor: json.value,
            typing: mostly(fc.boolean()),
            status: mostly(fc.constantFrom("online", "idle")),
            name: mostly(anyString),
          },
          { requiredKeys: [] },
        ),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: of("broadcast", {
      ref,
      event: mostly(anyString),
      payload: json.value,
      echo: mostly(fc.boolean()),
    }),
  },
  { weight: 1, arbitrary: of("touch", { ref }) },
  {
    weight: 1,
    arbitrary: of("watch", { ref, users: mostly(fc.array(anyString, { maxLength: 3 })) }),
  },
  { weight: 1, arbitrary: of("ack", { n: version }) },
  { weight: 1, arbitrary: json.value },
);

const texts = fc
  .oneof(
    { weight: 5, arbitrary: message },
    { weight: 2, arbitrary: fc.array(message, { maxLength: 6 }) },
  )
  .map((frame) => JSON.stringify(frame));

/** A text with one piece taken out, put in or put twice. */
const broken = fc
  .tuple(
    texts,
    fc.nat(),
    fc.constantFrom("", '"', "{", "]", ",", "\\", "\0", "\ud800", "e9", "ping"),
  )
  .map(([text, at, piece]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + piece + text.slice(piece === "" ? place + 1 : place);
  });

/** What a client may send: a text, or bytes. */
export const frames: Arbitrary<string | Uint8Array<ArrayBuffer>> = fc.oneof(
  { weight: 12, arbitrary: texts },
  { weight: 3, arbitrary: broken },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes)) },
);
