// Decoding of client messages: valid messages decode to themselves, and everything else is `bad_message`
// with a text that names what was expected and what was found.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMessage, refOf } from "../../src/protocol/decode-message.ts";
import { CollabError } from "../../src/protocol/errors.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { anyString, json } from "../support/json-arbitraries.ts";
import { clientMessage } from "../support/wire.ts";

const parse = (text: string): JsonValue => JSON.parse(text) as JsonValue;

/** The decoded message, or the error. */
function decoded(input: JsonValue): { message: unknown } | { error: unknown } {
  try {
    return { message: decodeMessage(input) };
  } catch (error) {
    return { error };
  }
}

const bad = (detail: string) =>
  expect.objectContaining({ code: "bad_message", info: { code: "bad_message", detail } });

const refDetail = (got: string): string =>
  `"ref" must be a string of 1 to 64 characters or an integer, got ${got}.`;
const eitherDetail = 'An update must have either "patch", an array, or "merge", an object.';
const typeDetail = (got: string): string =>
  `"type" must be update, action, presence, broadcast, touch, watch, auth, leave or ack, got ${got}.`;

describe("a valid message", () => {
  test.each([
    '{"type":"update","ref":1,"patch":[]}',
    '{"type":"update","ref":1,"patch":[1,null,{"op":"?"}]}',
    '{"type":"update","ref":"a","merge":{}}',
    '{"type":"update","ref":"a","merge":{"a":null},"ifVersion":0}',
    '{"type":"action","ref":1,"name":"rename"}',
    '{"type":"action","ref":1,"name":""}',
    '{"type":"action","ref":1,"name":"rename","payload":null}',
    '{"type":"presence","data":{}}',
    '{"type":"presence","data":{"cursor":null},"ref":1}',
    '{"type":"broadcast","event":"wave"}',
    '{"type":"broadcast","event":"wave","payload":false,"ref":1,"echo":false}',
    '{"type":"touch","ref":"t"}',
    '{"type":"watch","users":[]}',
    '{"type":"watch","users":["ada","__proto__"],"ref":1}',
    '{"type":"leave"}',
    '{"type":"ack","n":0}',
  ])("[W3] decodes to itself: %s", (text) => {
    expect(decodeMessage(parse(text))).toEqual(parse(text));
  });

  test.each<[string, unknown]>([
    ["1 character", "x"],
    ["64 characters", "x".repeat(64)],
    ["a name that objects inherit", "__proto__"],
    ["0", 0],
    ["a negative integer", -1],
    ["the largest integer", Number.MAX_SAFE_INTEGER],
  ])("[W3] may have a ref of %s", (_, ref) => {
    expect(decodeMessage({ type: "touch", ref } as JsonValue)).toEqual({ type: "touch", ref });
  });

  test("[W3] loses unknown members", () => {
    const text = '{"type":"leave","why":"tired","__proto__":{"ref":1},"ref":7}';
    expect(decodeMessage(parse(text))).toEqual({ type: "leave" });
  });

  test("[S9] keeps keys such as __proto__ in its data", () => {
    const carried = '{"__proto__":{"admin":true},"constructor":1}';
    for (const text of [
      `{"type":"update","ref":1,"merge":${carried}}`,
      `{"type":"presence","data":${carried}}`,
      `{"type":"broadcast","event":"__proto__","payload":${carried}}`,
    ])
      expect(JSON.stringify(decodeMessage(parse(text)))).toBe(text);
  });
});

describe("bad_message", () => {
  test.each([
    ["null", "null", "null"],
    ["a number", "1", "1"],
    ["a string", '"leave"', "a string of 5 characters"],
    ["an array, which is a frame", '[{"type":"leave"}]', "an array of 1 items"],
  ])("[W3] is thrown for %s", (_, text, got) => {
    expect(() => decodeMessage(parse(text))).toThrow(
      bad(`A message must be a JSON object, got ${got}.`),
    );
  });

  test.each([
    ["{}", "nothing"],
    ['{"type":null}', "null"],
    ['{"type":"Leave"}', "a string of 5 characters"],
    ['{"type":"toString"}', "a string of 8 characters"],
    ['{"type":["leave"]}', "an array of 1 items"],
  ])("[W3] is thrown for the unknown type in %s", (text, got) => {
    expect(() => decodeMessage(parse(text))).toThrow(bad(typeDetail(got)));
  });

  test("[W3, S9] is thrown for a message that only inherits its members", () => {
    expect(() => decodeMessage(parse('{"__proto__":{"type":"leave"}}'))).toThrow(
      bad(typeDetail("nothing")),
    );
    expect(() =>
      decodeMessage(parse('{"type":"update","__proto__":{"ref":1},"patch":[]}')),
    ).toThrow(bad(refDetail("nothing")));
  });

  test.each([
    ["null", "null"],
    ['""', "a string of 0 characters"],
    [`"${"x".repeat(65)}"`, "a string of 65 characters"],
    ["1.5", "1.5"],
    ["1e300", "1e+300"],
    ["9007199254740992", "9007199254740992"],
    ["true", "true"],
    ["[1]", "an array of 1 items"],
  ])("[W3] is thrown for the ref %s", (ref, got) => {
    for (const rest of [
      '"type":"update","patch":[]',
      '"type":"update","merge":{}',
      '"type":"action","name":"rename"',
      '"type":"presence","data":{}',
      '"type":"broadcast","event":"wave"',
      '"type":"touch"',
    ])
      expect(() => decodeMessage(parse(`{${rest},"ref":${ref}}`))).toThrow(bad(refDetail(got)));
  });

  test.each([
    ["update", '{"type":"update","patch":[]}'],
    ["action", '{"type":"action","name":"rename"}'],
  ])("[W3] is thrown for an %s without a ref", (_, text) => {
    expect(() => decodeMessage(parse(text))).toThrow(bad(refDetail("nothing")));
  });

  test.each([
    '{"type":"update","ref":1}',
    '{"type":"update","ref":1,"patch":[],"merge":{}}',
    '{"type":"update","ref":1,"patch":[],"merge":null}',
    '{"type":"update","ref":1,"patch":{}}',
    '{"type":"update","ref":1,"patch":"[]"}',
    '{"type":"update","ref":1,"merge":[]}',
    '{"type":"update","ref":1,"merge":null}',
  ])("[W3, S5] is thrown for %s, which has not exactly one of patch and merge", (text) => {
    expect(() => decodeMessage(parse(text))).toThrow(bad(eitherDetail));
  });

  test.each([
    ["null", "null"],
    ["-1", "-1"],
    ["1.5", "1.5"],
    ['"1"', "a string of 1 characters"],
    ["9007199254740992", "9007199254740992"],
  ])("[W3, S6] is thrown for %s as a version or a mark", (n, got) => {
    expect(() =>
      decodeMessage(parse(`{"type":"update","ref":1,"merge":{},"ifVersion":${n}}`)),
    ).toThrow(bad(`"ifVersion" must be a whole number from 0, got ${got}.`));
    expect(() => decodeMessage(parse(`{"type":"ack","n":${n}}`))).toThrow(
      bad(`"n" must be a whole number from 0, got ${got}.`),
    );
  });

  test.each([
    ['{"type":"action","ref":1}', '"name" must be a string, got nothing'],
    ['{"type":"action","ref":1,"name":null}', '"name" must be a string, got null'],
    ['{"type":"presence"}', '"data" must be an object, got nothing'],
    ['{"type":"presence","data":[]}', '"data" must be an object, got an array of 0 items'],
    ['{"type":"presence","data":null}', '"data" must be an object, got null'],
    ['{"type":"broadcast"}', '"event" must be a string, got nothing'],
    ['{"type":"broadcast","event":7}', '"event" must be a string, got 7'],
    ['{"type":"broadcast","event":"e","echo":null}', '"echo" must be true or false, got null'],
    ['{"type":"broadcast","event":"e","echo":1}', '"echo" must be true or false, got 1'],
    ['{"type":"ack"}', '"n" must be a whole number from 0, got nothing'],
  ])("[W3] is thrown for %s: %s", (text, expected) => {
    expect(() => decodeMessage(parse(text))).toThrow(bad(`${expected}.`));
  });
});

describe("the ref of an invalid message", () => {
  test.each<[string, unknown]>([
    ['{"ref":"a"}', "a"],
    ['{"type":"?","ref":0}', 0],
    ['{"type":"update","ref":-3}', -3],
  ])("[W3] is found in %s", (text, ref) => {
    expect(refOf(parse(text))).toBe(ref);
  });

  test.each([
    "null",
    "1",
    '"ref"',
    "[]",
    '[{"ref":1}]',
    "{}",
    '{"ref":null}',
    '{"ref":""}',
    '{"ref":1.5}',
    '{"ref":{}}',
    `{"ref":"${"x".repeat(65)}"}`,
    '{"__proto__":{"ref":1}}',
  ])("[W3] is not found in %s", (text) => {
    expect(refOf(parse(text))).toBeUndefined();
  });
});

// Messages whose members are valid, invalid or missing.
const types = fc.constantFrom("update", "action", "presence", "broadcast", "touch", "leave", "ack");
const refs = fc.oneof(fc.integer(), fc.string({ minLength: 1, maxLength: 8 }));
const mostly = (good: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> =>
  fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: json.value });
const almostMessage: fc.Arbitrary<JsonValue> = fc.record(
  {
    type: mostly(types),
    ref: mostly(refs),
    patch: mostly(json.array),
    merge: mostly(json.object),
    ifVersion: mostly(fc.nat()),
    name: mostly(anyString),
    event: mostly(anyString),
    payload: json.value,
    data: mostly(json.object),
    echo: mostly(fc.boolean()),
    n: mostly(fc.nat()),
    other: json.value,
  },
  { requiredKeys: ["type"] },
) as fc.Arbitrary<JsonValue>;

test("[W3, S9] any JSON decodes to a message that matches the wire schema, or is bad_message", () => {
  const seen = { messages: 0, errors: 0 };
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: almostMessage }, json.value), (input) => {
      const outcome = decoded(input);
      if ("error" in outcome) {
        seen.errors++;
        expect(outcome.error).toBeInstanceOf(CollabError);
        expect(outcome.error).toMatchObject({ code: "bad_message" });
        return;
      }
      seen.messages++;
      const again = parse(JSON.stringify(outcome.message));
      expect(clientMessage.safeParse(again)).toMatchObject({ success: true });
      expect(JSON.stringify(decodeMessage(again))).toBe(JSON.stringify(outcome.message));
      // The reply can be matched to the request. A leave or an ack has no ref.
      if ("ref" in (again as object))
        expect(JSON.stringify(refOf(input))).toBe(JSON.stringify(refOf(again)));
    }),
    { numRuns: 3000 },
  );
  expect(seen.messages).toBeGreaterThan(300);
  expect(seen.errors).toBeGreaterThan(300);
});
