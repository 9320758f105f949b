// The size limits of a room: the defaults, and the caps that the platform sets on settings.

export type Limits = {
  /** Bytes of the state as compact JSON in UTF-8. */
  readonly stateBytes: number;
  /** Levels of nesting in the state; the state itself is the first. */
  readonly stateDepth: number;
  /** Operations in one JSON Patch. */
  readonly patchOperations: number;
  /** Bytes of one message: an action's payload, an event, a socket frame. */
  readonly frameBytes: number;
  /** Messages that a session may send a second; twice as many at once. */
  readonly messagesPerSecond: number;
  /** Bytes that a session may send a second; twice as many at once, and always a whole frame. */
  readonly bytesPerSecond: number;
};

export const defaultLimits: Limits = {
  stateBytes: 1024 * 1024,
  stateDepth: 64,
  patchOperations: 1000,
  frameBytes: 256 * 1024,
  messagesPerSecond: 100,
  bytesPerSecond: 512 * 1024,
};

// An object has 128 MB of memory and RPC carries 32 MiB: a state is held, sent and copied at once.
const caps: Limits = {
  stateBytes: 8 * 1024 * 1024,
  stateDepth: 256,
  patchOperations: 100_000,
  frameBytes: 8 * 1024 * 1024,
  messagesPerSecond: 1_000_000,
  bytesPerSecond: 1024 * 1024 * 1024,
};

/** Bytes of a session's presence, see rule P1. */
export const maxPresenceBytes = 2048;
/** Sockets that one user may have in a room. */
export const maxUserSessions = 32;
/** Messages in one frame. */
export const maxFrameMessages = 100;
/** Bytes of a user's own JSON, see rule U1. */
export const maxUserBytes = 4096;
/** Characters of a user id, see rule U1. */
export const maxUserIdLength = 128;
/** Bytes of a room id in UTF-8. */
export const maxRoomIdBytes = 256;

/**
 * Fill in the limits a behaviour leaves out.
 * @throws RangeError when one is not a whole number from 1 to its cap.
 */
export function resolveLimits(settings: Partial<Limits> = {}): Limits {
  const unknown = Object.keys(settings).find((name) => !Object.hasOwn(caps, name));
  if (unknown !== undefined) throw new RangeError(`there is no limit "${unknown}"`);
  const limits = { ...defaultLimits, ...settings };
  for (const name of Object.keys(caps) as (keyof Limits)[]) {
    const value = limits[name];
    if (!Number.isSafeInteger(value) || value < 1 || value > caps[name])
      throw new RangeError(
        `limits.${name} must be a whole number from 1 to ${caps[name]}, got ${value}`,
      );
  }
  return limits;
}

/** What may come in before it is known for which room: the largest that any of these allows. */
export const mostOf = (all: readonly Limits[]): Pick<Limits, "stateBytes" | "frameBytes"> => ({
  stateBytes: Math.max(...all.map(({ stateBytes }) => stateBytes)),
  frameBytes: Math.max(...all.map(({ frameBytes }) => frameBytes)),
});
