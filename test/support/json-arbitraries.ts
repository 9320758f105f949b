// Random JSON for property tests: every unicode string, lone surrogates included, numbers in every
// notation, and keys that have a meaning to JavaScript or to JSON Pointer.

import fc, { type Arbitrary } from "fast-check";
import {
  isObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
} from "../../src/protocol/json.ts";

/** Any sequence of UTF-16 code units, well-formed or not. */
export const anyString: Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0xd800, max: 0xdfff }),
    ),
    { maxLength: 8 },
  )
  .map((units) => String.fromCharCode(...units));

/** Any number JSON can write, -0 among them. */
export const anyNumber: Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 1e21, 1e-7, Number.MAX_VALUE, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER),
);

/** Keys that collide often, mean something to a JSON Pointer, or look like an array index. */
export const commonKeys = [
  "a",
  "b",
  "c",
  "",
  "0",
  "1",
  "01",
  "-",
  "a/b",
  "m~n",
  "~1",
  "length",
] as const;

/** Keys that every object has by its prototype. */
export const prototypeKeys = ["__proto__", "constructor", "toString", "hasOwnProperty"] as const;

const leaf: Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom(null, true, false, "", 0, 1),
  anyNumber,
  anyString,
);

export type JsonArbitraries = {
  readonly value: Arbitrary<JsonValue>;
  readonly object: Arbitrary<JsonObject>;
  readonly array: Arbitrary<JsonArray>;
};

/** Arbitraries of JSON whose objects take their keys from `key`. */
export const jsonWithKeys = (key: Arbitrary<string>): JsonArbitraries =>
  fc.letrec<{ value: JsonValue; object: JsonObject; array: JsonArray }>((tie) => ({
    value: fc.oneof({ maxDepth: 5, depthIdentifier: "json" }, leaf, tie("object"), tie("array")),
    // fromEntries defines members, so that `__proto__` becomes a key and no prototype.
    object: fc
      .uniqueArray(fc.tuple(key, tie("value")), {
        maxLength: 5,
        depthIdentifier: "json",
        selector: ([name]) => name,
      })
      .map((entries): JsonObject => Object.fromEntries(entries)),
    array: fc.array(tie("value"), { maxLength: 5, depthIdentifier: "json" }),
  }));

/** JSON with every kind of key. */
export const json = jsonWithKeys(
  fc.oneof(fc.constantFrom(...commonKeys), fc.constantFrom(...prototypeKeys), anyString),
);

/** A state and what an update may have made of it: parts kept, changed, dropped, added and moved. */
export const beforeAndAfter: Arbitrary<readonly [JsonObject, JsonObject]> = json.object.chain(
  (before) => fc.tuple(fc.constant(before), fc.oneof(json.object, changedObject(before))),
);

function changed(value: JsonValue): Arbitrary<JsonValue> {
  if (Array.isArray(value)) return changedArray(value);
  return isObject(value) ? changedObject(value) : json.value;
}

function changedObject(value: JsonObject): Arbitrary<JsonObject> {
  const entries = Object.entries(value).map(([key, item]) =>
    mostly(fc.tuple(fc.constant(key), keptOrChanged(item))),
  );
  return fc
    .tuple(fc.tuple(...entries), rarely(json.object))
    .map(([kept, added]) =>
      Object.fromEntries([
        ...kept.filter((entry) => entry !== null),
        ...Object.entries(added ?? {}),
      ]),
    );
}

function changedArray(value: JsonArray): Arbitrary<JsonArray> {
  const items = value.map((item) => mostly(keptOrChanged(item).map((next) => ({ next }))));
  return fc
    .tuple(fc.tuple(...items), rarely(json.array), fc.nat(value.length))
    .map(([kept, added, at]) =>
      kept
        .filter((item) => item !== null)
        .map(({ next }) => next)
        .toSpliced(at, 0, ...(added ?? [])),
    );
}

const keptOrChanged = (value: JsonValue): Arbitrary<JsonValue> =>
  fc.boolean().chain((kept) => (kept ? fc.constant(value) : changed(value)));

/** Something five times out of six, else nothing. */
const mostly = <T>(something: Arbitrary<T>): Arbitrary<T | null> =>
  fc.oneof({ weight: 5, arbitrary: something }, { weight: 1, arbitrary: fc.constant(null) });

/** Something once in three times, else nothing. */
export const rarely = <T>(something: Arbitrary<T>): Arbitrary<T | null> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: something });
