// What is told of frames: always something, and never a token.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTrace, viewReceived, viewSent } from "../../src/model/trace.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { anyString, json } from "../support/json-arbitraries.ts";
import { runs } from "../support/runs.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const options = { numRuns: runs(1000), seed };

const secret = "s3cret-token";
const limit = 256 * 1024;

describe(`frames at random, SEED=${seed}`, () => {
  test("[V6] a client's frame is told, whatever it is, with its size", () => {
    const frames = fc.oneof(
      anyString,
      json.value.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        const view = viewReceived(frame, limit);
        expect(view.bytes).toBe(new TextEncoder().encode(frame).length);
        for (const type of view.types) expect(type).toMatch(/^(\w+|\?)$/);
      }),
      options,
    );
  });

  /** Messages of which one has a token, alone or among others, with members of any kind. */
  const withToken = fc
    .record({
      type: fc.constantFrom<JsonValue>("auth", "Auth", "token", "touch", "toString", 7, null, [
        "auth",
      ]),
      more: json.value,
      others: fc.array(json.value, { maxLength: 3 }),
      isAlone: fc.boolean(),
      indent: fc.constantFrom(0, 2),
    })
    .map(({ type, more, others, isAlone, indent }) => {
      const message = { more, token: secret, type } as const;
      return JSON.stringify(isAlone ? message : [...others, message], null, indent);
    });

  test("[V6, A8] a token of a message is never told, whatever stands around it", () => {
    fc.assert(
      fc.property(withToken, (frame) => {
        expect(JSON.stringify(viewReceived(frame, limit))).not.toContain(secret);
      }),
      options,
    );
  });

  test("[V6, A8] a frame that was cut off, or was made wrong, does not tell its token", () => {
    const whole = JSON.stringify([{ type: "auth", token: secret, ref: 1 }, { type: "touch" }]);
    fc.assert(
      fc.property(fc.nat(whole.length), anyString, (length, more) => {
        const frame = whole.slice(0, length) + more;
        expect(JSON.stringify(viewReceived(frame, limit))).not.toContain(secret);
      }),
      options,
    );
  });
});

describe("a frame", () => {
  test("[V6] that nests too deeply to be written anew is told by its size", () => {
    const depth = 100_000;
    const frame = `{"type":"broadcast","event":"e","payload":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(viewReceived(frame, limit)).toEqual({ types: [], bytes: frame.length, text: null });
  });

  test("[V6] keeps members such as __proto__", () => {
    const frame = '{"type":"presence","data":{"__proto__":{"a":1}},"__proto__":2}';
    expect(viewReceived(frame, limit).text).toBe(frame);
  });

  test("[V6] that is binary has a size alone", () => {
    expect(viewReceived(new ArrayBuffer(7), limit)).toEqual({ types: [], bytes: 7, text: null });
  });

  test("[V6] of the room has the types of its messages, and of a very long one the first", () => {
    expect(viewSent('[{"type":"users"},{"type":"change"}]').types).toEqual(["users", "change"]);
    expect(viewSent('{"type":"welcome"}').types).toEqual(["welcome"]);
    const long = `[{"type":"change","patch":"${"x".repeat(300_000)}"},{"type":"reply"}]`;
    expect(viewSent(long)).toMatchObject({ types: ["change"], bytes: long.length, isCut: true });
  });
});

test.each([null, 7, {}, { trace: 2 }, { trace: 1 }, { trace: 1, filter: {}, sent: 1.5 }])(
  "[V6, R9] what is no attachment of a trace is none: %j",
  (value) => {
    expect(readTrace(value)).toBeNull();
  },
);
