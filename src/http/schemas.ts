// Shapes of requests and answers, as schemas: what validates a request is what the OpenAPI document shows.

import * as z from "zod";
import { pageSize } from "../cloudflare/directory.ts";
import { errorTable, type ErrorCode } from "../protocol/errors.ts";
import { maxUserIdLength } from "../protocol/limits.ts";
import { allScopes } from "../protocol/scopes.ts";
import { defaultPresenceTtl, maxDuration } from "../model/duration.ts";
import { maxEventName } from "../model/payload.ts";

const duration = z.int().min(1).max(maxDuration);
const time = z.iso.datetime();
const anyJson = z.unknown().meta({ description: "Any JSON value." });

// Requests

export const startBody = z
  .strictObject({
    behaviour: z
      .string()
      .optional()
      .meta({ description: "Name of a behaviour; `default` if left out." }),
    idleTimeout: duration.optional().meta({
      description: "Milliseconds without activity after which the empty room stops.",
    }),
  })
  .meta({ id: "StartOptions", description: "Options that count only when the room starts." });

export const userBody = z
  .looseObject({
    id: z.string().min(1).max(maxUserIdLength),
    ttl: duration.optional().meta({
      description:
        "Milliseconds without a sign of life after which the user leaves. Not part of the entry.",
    }),
  })
  .meta({ id: "User", description: "An id, and fields of your own: at most 4 KiB of JSON." });

export const touchBody = z
  .strictObject({
    userId: z
      .string()
      .optional()
      .meta({ description: "Whose sign of life this is, for users with a `ttl`." }),
  })
  .meta({ id: "Touch" });

export const broadcastBody = z
  .strictObject({ event: z.string().min(1).max(maxEventName), payload: anyJson.optional() })
  .meta({ id: "Broadcast" });

export const stateBody = z
  .record(z.string(), z.unknown())
  .meta({ id: "State", description: "The room's state: a JSON object." });

const pointer = z
  .string()
  .regex(/^(\/([^~]|~[01])*)?$/)
  .meta({ description: "A JSON Pointer (RFC 6901)." });

export const jsonPatchBody = z
  .array(
    z.discriminatedUnion("op", [
      z.object({ op: z.enum(["add", "replace", "test"]), path: pointer, value: anyJson }),
      z.object({ op: z.literal("remove"), path: pointer }),
      z.object({ op: z.enum(["move", "copy"]), path: pointer, from: pointer }),
    ]),
  )
  .meta({ id: "JsonPatch", description: "A JSON Patch (RFC 6902)." });

export const mergePatchBody = z
  .record(z.string(), z.unknown())
  .meta({ id: "MergePatch", description: "A JSON Merge Patch (RFC 7396)." });

export const payloadBody = anyJson.meta({
  id: "Payload",
  description: "The action's input; `{}` if left out.",
});

export const listQuery = z.strictObject({
  prefix: z.string().optional().meta({ description: "Only rooms whose id begins with this." }),
  cursor: z.string().optional().meta({ description: "From an earlier page." }),
  limit: z.coerce.number().int().min(1).max(pageSize.max).default(pageSize.default),
});

export const stopQuery = z.strictObject({
  purge: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "Also delete the stored state." }),
});

export const scopesBody = z.strictObject({ scopes: z.array(z.enum(allScopes)) }).meta({
  id: "Scopes",
  description: "What the user's sockets may do, from their next message on.",
});

export const holdBody = z
  .strictObject({
    data: z.record(z.string(), z.unknown()).meta({
      description: "What is seen of the user, at most 2 KiB. It replaces what was held before.",
    }),
    ttl: duration.default(defaultPresenceTtl).meta({
      description: "Milliseconds after which it goes unless it is held again.",
    }),
  })
  .meta({ id: "HeldPresence" });

const whole = z.string().regex(/^(0|[1-9]\d{0,15})$/);

export const socketQuery = z.strictObject({
  user: z
    .string()
    .optional()
    .meta({ description: "With authentication off: the user as JSON, with an `id`." }),
  since: whole.optional().meta({ description: "The version a returning client has." }),
  epoch: z.string().max(64).optional().meta({ description: "The epoch of that version." }),
  behaviour: z
    .string()
    .optional()
    .meta({ description: "Name of a behaviour, for a room that this starts." }),
});

// Answers

export const roomInfo = z
  .object({
    id: z.string(),
    behaviour: z.string(),
    epoch: z
      .string()
      .meta({ description: "Random id of the room's storage; versions count within it." }),
    version: z.int(),
    users: z.int().meta({ description: "How many users are in the room." }),
    sockets: z.int(),
    createdAt: time,
    lastActivityAt: time,
    idleTimeout: duration,
    idleDeadline: time.optional().meta({
      description: "When the room stops if nothing happens; absent while users are in it.",
    }),
    save: z.object({
      status: z.enum(["off", "saved", "pending", "failing"]),
      error: z.string().optional(),
    }),
    alive: z.literal(true),
  })
  .meta({ id: "RoomInfo" });

export const roomPage = z
  .object({
    rooms: z.array(
      z.object({ id: z.string(), behaviour: z.string(), users: z.int(), createdAt: time }),
    ),
    total: z.int().meta({ description: "How many rooms run in all, whatever the page shows." }),
    cursor: z.string().optional().meta({ description: "Absent on the last page." }),
  })
  .meta({ id: "RoomPage" });

export const userEntry = z.looseObject({ id: z.string(), joinedAt: time, meta: anyJson }).meta({
  id: "UserEntry",
  description: "The user's own fields, when they joined, and what `onJoin` gave.",
});

export const userList = z.object({ users: z.array(userEntry) }).meta({ id: "UserList" });

export const presence = z
  .looseObject({
    name: z.string(),
    color: z.string(),
    avatarUrl: z.string().optional(),
    cursor: anyJson.optional(),
    typing: z.boolean(),
    status: z.enum(["online", "idle", "away"]),
    idleSince: time.optional(),
  })
  .meta({ id: "Presence", description: "What is seen of a user, all their sockets together." });

export const presenceMap = z
  .object({ presence: z.record(z.string(), presence) })
  .meta({ id: "PresenceMap", description: "By user id." });

export const versionAnswer = z.object({ version: z.int() }).meta({ id: "Version" });

export const actionAnswer = z
  .object({ result: anyJson, version: z.int() })
  .meta({ id: "ActionAnswer" });

export const health = z.object({ status: z.literal("ok") }).meta({ id: "Health" });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string().optional(),
    reason: z
      .string()
      .optional()
      .meta({ description: "The reason a behaviour gave for refusing." }),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    instance: z.string().optional(),
  })
  .meta({
    id: "Problem",
    description: "A problem (RFC 9457) with a code of collab-room's error table.",
  });
