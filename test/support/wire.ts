// Every message of the protocol as a strict schema, both ways: an unknown member is wrong, unless it
// stands where the app's own members go. Test clients hold each frame of a room to these, and
// `shapes.v2.json` keeps them. `tsc` fails here when they and the types of src/protocol/messages.ts part.

import * as z from "zod";
import { errorTable, type ErrorCode } from "../../src/protocol/errors.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Operation } from "../../src/protocol/json-patch.ts";
import type { ClientMessage, RoomMessage } from "../../src/protocol/messages.ts";
import type { PeopleCounts, SamplePerson } from "../../src/protocol/people.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import { allScopes } from "../../src/protocol/scopes.ts";
import type { UserEntry } from "../../src/protocol/users.ts";
import type { SameType } from "./same-type.ts";

// What is checked came out of JSON.parse, so that any value is JSON.
const json: z.ZodType<JsonValue> = z.unknown() as z.ZodType<JsonValue>;
const object: z.ZodType<JsonObject> = z.record(z.string(), json);
const count = z.int().min(0);
const name = z.string().min(1);
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const list = <T>(item: z.ZodType<T>): z.ZodType<readonly T[]> => z.array(item);
/** In these messages an empty list is left out. */
const someOf = <T>(item: z.ZodType<T>): z.ZodType<readonly T[]> => z.array(item).min(1);
const someById = <T>(item: z.ZodType<T>): z.ZodType<Readonly<Record<string, T>>> =>
  z
    .unknown()
    // Before the record, which does not see a key `__proto__`.
    .refine((map) => Object.keys(Object(map)).length > 0, "it is empty")
    .pipe(z.record(name, item));

const ref = z.union([z.string().min(1).max(64), z.int()]);
const scope = z.enum(allScopes);
// A string in the shapes: a new code is no new shape.
const code = z
  .string()
  .refine(
    (text) => Object.hasOwn(errorTable, text),
    "no such code",
  ) as unknown as z.ZodType<ErrorCode>;

const pointer = z.string().regex(/^(\/([^~]|~[01])*)?$/);
const operation: z.ZodType<Operation> = z.discriminatedUnion("op", [
  z.strictObject({ op: z.enum(["add", "replace", "test"]), path: pointer, value: json }),
  z.strictObject({ op: z.enum(["move", "copy"]), path: pointer, from: pointer }),
  z.strictObject({ op: z.literal("remove"), path: pointer }),
  z.strictObject({ op: z.literal("inc"), path: pointer, by: z.number() }),
  z.strictObject({ op: z.literal("str_ins"), path: pointer, pos: count, str: z.string() }),
  z.strictObject({ op: z.literal("str_del"), path: pointer, pos: count, len: count }),
]);

const userEntry: z.ZodType<UserEntry> = z
  .object({ id: name, joinedAt: time, seq: count, meta: json })
  .catchall(json);

export const presence: z.ZodType<Presence> = z
  .object({
    name: z.string(),
    color: z.string(),
    avatarUrl: z.exactOptional(z.string()),
    cursor: z.exactOptional(json),
    typing: z.boolean(),
    status: z.enum(["online", "idle", "away"]),
    idleSince: z.exactOptional(time),
  })
  .catchall(json)
  .refine(({ status, idleSince }) => (status === "idle") === (idleSince !== undefined), {
    error: "idleSince stands beside the status idle, and only there",
  })
  .refine(({ status, typing }) => status === "online" || !typing, {
    error: "only who is online types",
  });

const counts: z.ZodType<PeopleCounts> = z
  .strictObject({ users: count, online: count, idle: count, away: count, typing: count })
  .refine(({ users, online, idle, away }) => online + idle + away <= users, {
    error: "there are more people than users",
  });

const samplePerson: z.ZodType<SamplePerson> = z.strictObject({ user: userEntry, presence });

const sample = z.array(samplePerson).max(32).readonly();

// Client → room

const seq = z.exactOptional(z.int().min(1));
const update = { type: z.literal("update"), ref, ifVersion: z.exactOptional(count), seq };

/** Every message of a client. What is for others to judge is not judged here: patch, payload, presence. */
export const clientMessage = z.union([
  z.discriminatedUnion("type", [
    z.strictObject({
      ...update,
      patch: list(z.unknown()),
      base: z.exactOptional(count),
      strict: z.exactOptional(z.boolean()),
    }),
    z.strictObject({
      type: z.literal("action"),
      ref,
      name: z.string(),
      payload: z.exactOptional(json),
      seq,
    }),
    z.strictObject({ type: z.literal("presence"), data: object, ref: z.exactOptional(ref) }),
    z.strictObject({
      type: z.literal("broadcast"),
      event: z.string(),
      payload: z.exactOptional(json),
      ref: z.exactOptional(ref),
      echo: z.exactOptional(z.boolean()),
    }),
    z.strictObject({ type: z.literal("touch"), ref: z.exactOptional(ref) }),
    z.strictObject({ type: z.literal("watch"), users: list(name), ref: z.exactOptional(ref) }),
    z.strictObject({
      type: z.literal("auth"),
      token: z.string(),
      ref: z.exactOptional(ref),
    }),
    z.strictObject({ type: z.literal("leave") }),
    z.strictObject({ type: z.literal("ack"), n: count }),
  ]),
  z.strictObject({ ...update, merge: object }),
]);

// Room → client

const limits = z.strictObject({
  frameBytes: count,
  messagesPerFrame: count,
  messagesPerSecond: count,
  bytesPerSecond: count,
  stateBytes: count,
  stateDepth: count,
  patchOperations: count,
  presenceBytes: count,
  pingInterval: count,
  reconnectGrace: count,
});

const welcome = {
  type: z.literal("welcome"),
  room: name,
  epoch: name,
  session: name,
  user: userEntry,
  users: list(userEntry),
  presence: z.record(name, presence),
  people: z.exactOptional(z.strictObject({ counts, sample })),
  version: count,
  scopes: list(scope),
  expiresAt: z.exactOptional(time),
  limits,
  seq: z.exactOptional(z.nullable(count)),
  refused: z.exactOptional(someOf(count)),
  missing: z.exactOptional(someOf(count)),
};

const error = {
  code,
  detail: z.string().min(1),
  reason: z.exactOptional(z.string()),
  retryAfter: z.exactOptional(count),
  retry: z.exactOptional(z.literal(true)),
  issues: z.exactOptional(list(z.strictObject({ path: z.string(), message: z.string() }))),
  instance: z.exactOptional(z.string()),
};

/** Whether one of these lists is there. */
const says = (message: Record<string, unknown>): boolean =>
  ["joins", "updates", "leaves"].some((member) => member in message);

/** Every message of a room but its welcomes and `people`. */
const otherMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("change"),
    from: count,
    to: count,
    patch: someOf(operation),
    sizes: z.exactOptional(list(count)),
  }),
  z.discriminatedUnion("ok", [
    z.strictObject({
      type: z.literal("reply"),
      ref,
      ok: z.literal(true),
      version: z.exactOptional(count),
      dropped: z.exactOptional(someOf(count)),
      result: z.exactOptional(json),
      expiresAt: z.exactOptional(z.nullable(time)),
    }),
    z.strictObject({ type: z.literal("reply"), ref, ok: z.literal(false), ...error }),
  ]),
  z
    .strictObject({
      type: z.literal("users"),
      joins: z.exactOptional(someOf(userEntry)),
      updates: z.exactOptional(someOf(userEntry)),
      leaves: z.exactOptional(someOf(name)),
    })
    .refine(says, "it says nothing"),
  z
    .strictObject({
      type: z.literal("presence"),
      joins: z.exactOptional(someById(presence)),
      updates: z.exactOptional(someById(object)),
      leaves: z.exactOptional(someOf(name)),
    })
    .refine(says, "it says nothing"),
  z.strictObject({
    type: z.literal("everybody"),
    users: list(userEntry),
    presence: z.record(name, presence),
  }),
  z
    .strictObject({
      type: z.literal("event"),
      event: name,
      payload: json,
      from: z.nullable(name),
      session: z.nullable(name),
    })
    .refine(({ from, session }) => (from === null) === (session === null), {
      error: "a session and its user go together",
    }),
  z.strictObject({ type: z.literal("scopes"), scopes: list(scope) }),
  z.strictObject({ type: z.literal("mark"), n: count }),
  z.strictObject({ type: z.literal("part"), index: count, of: count, text: z.string().min(1) }),
  z.strictObject({ type: z.literal("error"), ...error }),
]);

/** The first one of a sampled room, and those that follow it. */
const people = [
  z.strictObject({ type: z.literal("people"), counts, sample }),
  z.strictObject({
    type: z.literal("people"),
    counts,
    joins: z.exactOptional(someOf(samplePerson)),
    updates: z.exactOptional(someById(object)),
    leaves: z.exactOptional(someOf(name)),
  }),
] as const;

/** Every message of a room. */
export const roomMessage = z.union([
  z.strictObject({ ...welcome, resumed: z.literal(false), state: object }),
  z.strictObject({ ...welcome, resumed: z.literal(true), patch: list(operation) }),
  z.strictObject({ ...welcome, resumed: z.literal(true), state: object }),
  ...people,
  otherMessage,
]);

/** Held by `tsc`: the schemas are the types. */
export const sameAsTypes: readonly [
  SameType<z.output<typeof clientMessage>, ClientMessage>,
  SameType<z.output<typeof roomMessage>, RoomMessage>,
] = [true, true];

const named = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries({
  ref,
  operation,
  userEntry,
  presence,
  counts,
  samplePerson,
  limits,
}))
  named.add(schema, { id });

/** All shapes as JSON Schema: what `shapes.v<N>.json` keeps of version N. */
export const shapes = (): unknown =>
  JSON.parse(
    JSON.stringify(
      z.toJSONSchema(z.strictObject({ clientMessage, roomMessage }), { metadata: named }),
    ),
  );
