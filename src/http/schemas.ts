// Schemas of requests. The same schemas validate requests and describe them in the OpenAPI document.

import * as z from "zod";
import { maxUserIdLength } from "../protocol/limits.ts";
import { pageSize } from "../protocol/paging.ts";
import { allScopes } from "../protocol/scopes.ts";
import { defaultPresenceTtl, maxDuration } from "../model/duration.ts";
import { maxEventName } from "../model/payload.ts";

export const duration = z.int().min(1).max(maxDuration);
export const anyJson = z.unknown().meta({ description: "Any JSON value." });

export const startBody = z
  .strictObject({
    behaviour: z
      .string()
      .optional()
      .meta({ description: "Name of a behaviour. Default: `default`." }),
    idleTimeout: duration.optional().meta({
      description: "Milliseconds without activity after which the empty room stops.",
    }),
  })
  .meta({
    id: "StartOptions",
    description: "Options for the start. If a behaviour is named, a running room must have it.",
  });

export const userBody = z
  .looseObject({
    id: z
      .string()
      .min(1)
      .max(maxUserIdLength)
      .optional()
      .meta({ description: "Default: the user in the token." }),
    ttl: duration.optional().meta({
      description:
        "Milliseconds without activity after which the user leaves. Not part of the entry.",
    }),
  })
  .meta({ id: "User", description: "An id and any fields of your own, at most 4 KiB of JSON." });

export const touchBody = z
  .strictObject({
    userId: z
      .string()
      .optional()
      .meta({ description: "The user whose `ttl` restarts, if they joined with one." }),
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

const position = z
  .int()
  .min(0)
  .meta({ description: "UTF-16 code units; never inside a surrogate pair." });

export const extendedPatchBody = z
  .array(
    z.discriminatedUnion("op", [
      z.object({ op: z.enum(["add", "replace", "test"]), path: pointer, value: anyJson }),
      z.object({ op: z.literal("remove"), path: pointer }),
      z.object({ op: z.enum(["move", "copy"]), path: pointer, from: pointer }),
      z.object({ op: z.literal("inc"), path: pointer, by: z.number() }),
      z.object({ op: z.literal("str_ins"), path: pointer, pos: position, str: z.string() }),
      z.object({ op: z.literal("str_del"), path: pointer, pos: position, len: z.int().min(1) }),
    ]),
  )
  .meta({
    id: "ExtendedPatch",
    description:
      "A JSON Patch with three more operations: `inc` adds to a number, `str_ins` and `str_del` edit a text.",
  });

export const patchQuery = z.strictObject({
  base: z
    .string()
    .regex(
      /^([\w-]{1,64}\.)?(0|[1-9]\d{0,15})$/,
      "must be a version such as 41, or an entity tag without quotes",
    )
    .optional()
    .meta({
      description:
        "The version that a JSON Patch was made on: array indexes and text positions are adjusted for the changes since. An entity tag without its quotes also names the epoch.",
    }),
  strict: z
    .enum(["true", "false"])
    .optional()
    .meta({ description: "With `base`: refuse the patch if the target of any operation is gone." }),
});

export const mergePatchBody = z
  .record(z.string(), z.unknown())
  .meta({ id: "MergePatch", description: "A JSON Merge Patch (RFC 7396)." });

export const payloadBody = anyJson.meta({
  id: "Payload",
  description: "The input of the action. Default: `{}`.",
});

/** The parameters of every paged list. */
export const paging = {
  cursor: z.string().optional().meta({ description: "The `cursor` of the previous page." }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(pageSize.max)
    .default(pageSize.default)
    .meta({ description: "Entries per page." }),
};

export const roomsQuery = z.strictObject({
  prefix: z.string().optional().meta({ description: "List only rooms whose id starts with this." }),
  ...paging,
});

export const usersQuery = z.strictObject(paging);

export const leaveQuery = z.strictObject({
  kick: z.enum(["true", "false"]).optional().meta({
    description:
      "Also keep the user out: for as long as `for` says; by default for an hour, or until the tokens of their sockets have expired, whichever is later.",
  }),
  for: z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number of seconds from 0 to 999999999")
    .optional()
    .meta({
      description: "With `kick=true`: seconds, up to 999999999; 0 lets the user in again.",
    }),
});

export const stopQuery = z.strictObject({
  purge: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "Also delete the stored state." }),
});

export const scopesBody = z.strictObject({ scopes: z.array(z.enum(allScopes)) }).meta({
  id: "Scopes",
  description: "The scopes of the user's sockets, from their next message on.",
});

export const holdBody = z
  .strictObject({
    data: z.record(z.string(), z.unknown()).meta({
      description:
        "The user's presence, at most 2 KiB of JSON. It replaces the presence that was held before.",
    }),
    ttl: duration.default(defaultPresenceTtl).meta({
      description: "Milliseconds after which the presence expires unless it is held again.",
    }),
  })
  .meta({ id: "HeldPresence" });

export const wholeNumber = z.string().regex(/^(0|[1-9]\d{0,15})$/);

/** The position at which a returning client resumes. */
const resume = {
  since: wholeNumber
    .optional()
    .meta({ description: "The version that a returning client has. Requires `epoch`." }),
  epoch: z
    .string()
    .max(64)
    .optional()
    .meta({ description: "The epoch of that version, or the last one that the client has seen." }),
};

export const changesQuery = z.strictObject(resume);

export const socketQuery = z.strictObject({
  user: z.string().optional().meta({
    description: "The user as JSON. Optional with a token; it adds what the token leaves out.",
  }),
  refuse: z.enum(["close"]).optional().meta({
    description:
      "`close`: if the request is refused, the socket opens, receives one `error` message, and is closed. Browsers hide any other refusal from scripts.",
  }),
  ...resume,
  client: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional()
    .meta({
      description:
        "A random id that the client keeps: 1 to 64 letters, digits, `-` and `_`. It allows requests to have a `seq`.",
    }),
  behaviour: z
    .string()
    .optional()
    .meta({ description: "Name of a behaviour. Used if this request starts the room." }),
});
