// Schemas of responses, for the OpenAPI document. Values that may be extended, such as error codes, are plain strings.

import * as z from "zod";
import type { ErrorCode } from "../protocol/errors.ts";
import type { Scope } from "../protocol/scopes.ts";
import { anyJson, duration } from "./schemas.ts";

const time = z.iso.datetime();

const nextCursor = z
  .string()
  .optional()
  .meta({ description: "Cursor for the next page. Absent on the last page." });

/** The header `ETag` of a response that contains the state's version. */
export const tagHeader = { ETag: 'The state\'s entity tag, `"<epoch>.<version>"`.' };

export const changePage = z
  .object({
    epoch: z.string(),
    from: z.int().meta({ description: "The version that was requested." }),
    to: z.int().meta({ description: "The version after the last of these changes." }),
    changes: z.array(
      z.object({
        from: z.int(),
        to: z.int(),
        patch: z.array(z.looseObject({ op: z.string(), path: z.string() })).meta({
          description:
            "The operations that turn version `from` into version `to`: those of JSON Patch (RFC 6902), and `inc`, `str_ins` and `str_del`.",
        }),
      }),
    ),
    more: z.boolean().optional().meta({
      description: "True if there are later changes: repeat the request with `to` as `since`.",
    }),
  })
  .meta({
    id: "ChangePage",
    description: "Consecutive changes: each begins at the version where the previous one ends.",
  });

export const changeStream = z.string().meta({
  id: "ChangeStream",
  description:
    "Server-sent events. `state`: `{epoch, version, state}`, the first event. `change`: `{from, to, patch}`. `reset`: like `state`, sent if the requested changes are no longer available. `stopped`: the room has stopped, and the stream ends. The id of an event is `<epoch>.<version>`. More kinds may be added: ignore unknown ones.",
});

export const roomInfo = z
  .object({
    id: z.string(),
    behaviour: z.string(),
    epoch: z
      .string()
      .meta({ description: "Random id of the room's storage. Versions count within an epoch." }),
    version: z.int(),
    users: z.int().meta({ description: "Number of users in the room." }),
    sockets: z.int().meta({ description: "Number of open sockets and streams of changes." }),
    createdAt: time,
    lastActivityAt: time,
    idleTimeout: duration,
    idleDeadline: time.optional().meta({
      description: "When the room stops without activity. Absent while users are in the room.",
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
    total: z.int().meta({
      description: "Number of running rooms that match `prefix`, regardless of the page.",
    }),
    cursor: nextCursor,
  })
  .meta({ id: "RoomPage" });

export const userEntry = z
  .looseObject({
    id: z.string(),
    joinedAt: time,
    seq: z.int().meta({ description: "Place in the join order; later joins have higher numbers." }),
    meta: anyJson,
  })
  .meta({
    id: "UserEntry",
    description:
      "The user's own fields, the time and position at which they joined, and the `meta` from `onJoin`.",
  });

export const userPage = z
  .object({
    users: z.array(userEntry),
    total: z.int().meta({ description: "Number of all users in the room." }),
    cursor: nextCursor,
  })
  .meta({ id: "UserPage", description: "One page of users, in join order." });

export const userInfo = z
  .object({
    user: userEntry,
    sessions: z.int().meta({ description: "Number of open sessions." }),
    scopes: z
      .array(z.string().meta({ examples: ["room:read"] satisfies Scope[] }))
      .optional()
      .meta({
        description:
          "The scopes that were set for the user; otherwise the combined scopes of the open sessions. Absent if there are neither.",
      }),
  })
  .meta({ id: "UserInfo" });

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
  .meta({
    id: "Presence",
    description: "The presence of a user, combined from all their sockets.",
  });

export const presenceMap = z
  .object({ presence: z.record(z.string(), presence) })
  .meta({ id: "PresenceMap", description: "Presence by user id." });

export const versionResponse = z.object({ version: z.int() }).meta({ id: "Version" });

export const actionResponse = z
  .object({ result: anyJson, version: z.int() })
  .meta({ id: "ActionAnswer" });

export const health = z.object({ status: z.literal("ok") }).meta({ id: "Health" });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({
      description:
        "Identifies the problem. Each operation lists its codes. More may be added: handle an unknown code by its `status`.",
      examples: ["room_not_running", "version_conflict", "too_large"] satisfies ErrorCode[],
    }),
    detail: z.string().optional(),
    reason: z
      .string()
      .optional()
      .meta({ description: "The reason that a hook or an action returned for its refusal." }),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    instance: z.string().optional(),
  })
  .meta({
    id: "Problem",
    description: "A problem (RFC 9457) with an error code of collab-room.",
  });
