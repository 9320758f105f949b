// Schemas of the administrators' view of a room, for the OpenAPI document. They match protocol/inspection.ts.

import * as z from "zod";
import { maxUserIdLength } from "../protocol/limits.ts";
import { userEntry } from "./response-schemas.ts";
import { duration, paging, wholeNumber } from "./schemas.ts";

const time = z.iso.datetime();
const scopes = z.array(z.string());
const anySchema = z.record(z.string(), z.unknown()).nullable().meta({
  description: "A JSON Schema (2020-12); null if the schema's library does not provide one.",
});

export const journalQuery = z.strictObject({
  upTo: wholeNumber.optional().meta({
    description: "Only rows up to this version: the `next` of the previous page.",
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ description: "Rows per page." }),
});

export const inspectUsersQuery = z.strictObject({
  user: z.string().max(maxUserIdLength).optional().meta({
    description: "The id of one user, who may also be a user that is kept out of the room.",
  }),
  ...paging,
});

export const traceQuery = z.strictObject({
  session: z.string().max(64).optional().meta({ description: "Only frames of this session." }),
  user: z
    .string()
    .max(maxUserIdLength)
    .optional()
    .meta({ description: "Only frames of this user's sessions." }),
  type: z
    .string()
    .max(32)
    .optional()
    .meta({ description: "Only frames that contain a message of this type." }),
});

const journalRow = z.object({
  from: z.int(),
  to: z.int(),
  at: time.optional().meta({ description: "Absent in rows written by an earlier release." }),
  authors: z.array(
    z.object({
      door: z.string().optional().meta({
        description:
          "`http`, `socket`, `worker` or `room`; absent for the entry that sums up the remaining authors of a row.",
      }),
      user: z.string().optional(),
      session: z.string().optional(),
      action: z.string().optional(),
      changes: z.int().meta({ description: "The number of this author's consecutive changes." }),
    }),
  ),
  bytes: z.int().meta({ description: "Size of the patch, as JSON in UTF-8." }),
  patch: z
    .array(z.looseObject({ op: z.string(), path: z.string() }))
    .nullable()
    .meta({ description: "As in `ChangePage`; null if it cannot be read." }),
});

export const journalPage = z
  .object({
    epoch: z.string(),
    version: z.int().meta({ description: "The version of the state." }),
    start: z.int().meta({ description: "The earliest version whose state can be read." }),
    rows: z.array(journalRow),
    next: z.int().optional().meta({ description: "The `upTo` of the next page." }),
  })
  .meta({
    id: "JournalPage",
    description:
      "Rows of the journal, newest first. A row contains the changes that were committed together.",
  });

export const pastState = z
  .object({ epoch: z.string(), version: z.int(), state: z.record(z.string(), z.unknown()) })
  .meta({ id: "PastState" });

const reason = z
  .object({
    why: z.string(),
    count: z.int().optional(),
    what: z.string().optional(),
    since: time.optional(),
    until: time.optional(),
  })
  .meta({ id: "Reason" });

export const roomInspection = z
  .object({
    id: z.string(),
    behaviour: z.string(),
    writes: z.enum(["all", "actions"]),
    epoch: z.string(),
    version: z.int(),
    state: z.object({ bytes: z.int(), limit: z.int() }),
    journal: z.object({ start: z.int(), rows: z.int(), bytes: z.int() }),
    users: z.object({ count: z.int(), limit: z.int(), kickedOut: z.int() }),
    sockets: z.object({
      sessions: z.int(),
      streams: z.int(),
      traces: z.int(),
      limit: z.int(),
    }),
    createdAt: time,
    lastActivityAt: time,
    idleTimeout: duration,
    wokeAt: time.meta({ description: "Since when the room has been in memory." }),
    running: z.array(reason).meta({
      description:
        "Why it does not stop: `users`, `schedules`, `stopping` (a stop waits for a save), `idle` (it stops at `until`).",
    }),
    awake: z.array(reason).meta({
      description:
        "Why it does not sleep: `turn`, `waiting` (turns), `call` (of the author's code), `leaving` (`onLeave`), `saving`, `directory`, `flush`, `news`, `usage`. Empty if nothing but this request keeps it awake.",
    }),
    alarm: z
      .object({ at: time, for: z.string() })
      .optional()
      .meta({ description: "When the alarm fires, and for which timer." }),
    timers: z
      .array(z.object({ name: z.string(), at: time, attempts: z.int() }))
      .meta({ description: "Stored timers, earliest first." }),
    save: z.object({
      status: z.enum(["off", "saved", "pending", "failing"]),
      error: z.string().optional(),
      reason: z
        .string()
        .optional()
        .meta({ description: "The error that `saveRoomState` returned." }),
      instance: z
        .string()
        .optional()
        .meta({ description: "Id of the log entry with the thrown error." }),
      savedAt: time.optional(),
      failingSince: time.optional(),
      attempts: z.int(),
      dueAt: time.optional(),
    }),
  })
  .meta({ id: "RoomInspection" });

const userInspection = z.object({
  id: z.string(),
  user: userEntry.optional(),
  sessions: z.array(
    z.object({
      id: z.string(),
      client: z.string().optional(),
      state: z.enum(["joining", "live", "restarting", "ended"]),
      scopes,
      openedAt: time.optional(),
      heardAt: time,
      expiresAt: time.optional(),
      unread: z.int().meta({ description: "Characters that were sent but not acknowledged." }),
    }),
  ),
  scopes: scopes.optional().meta({ description: "The scopes that the room has granted the user." }),
  graceUntil: time.optional().meta({ description: "When they leave unless they open a socket." }),
  leaseUntil: time.optional().meta({ description: "When they leave without a sign of life." }),
  presenceUntil: time.optional(),
  kickedUntil: time.optional().meta({ description: "When they may join again." }),
});

export const userInspectionPage = z
  .object({ users: z.array(userInspection), total: z.int(), cursor: z.string().optional() })
  .meta({ id: "UserInspectionPage", description: "One page of users, in join order." });

export const kickedList = z
  .object({ kicked: z.array(z.object({ userId: z.string(), until: time })) })
  .meta({ id: "KickedList" });

export const actionList = z
  .object({
    behaviour: z.string(),
    writes: z.enum(["all", "actions"]),
    state: anySchema,
    actions: z.array(
      z.object({ name: z.string(), description: z.string().optional(), input: anySchema }),
    ),
  })
  .meta({ id: "ActionList" });

export const frameStream = z.string().meta({
  id: "FrameStream",
  description:
    "Server-sent events. `frame`: `{at, direction, session, user, types, bytes, text, isCut?}`, for each frame. `closed`: `{at, session, user, code, reason}`, for each session that ends. `dropped`: `{at, frames}`, for frames that were skipped because the client was too slow. `stopped`: the room has stopped. More kinds may be added: ignore unknown ones.",
});
