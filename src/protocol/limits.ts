// The limits of a room: the defaults, and the highest values that the platform allows. They are plain number literals,
// so that bundlers can remove those that a page does not use.

export type Limits = {
  /** Bytes of the state as compact JSON in UTF-8. */
  readonly stateBytes: number;
  /** Levels of nesting in the state; the state itself is the first level. */
  readonly stateDepth: number;
  /** Operations in one JSON Patch. */
  readonly patchOperations: number;
  /** Bytes of one action payload, one event payload or one socket frame. */
  readonly frameBytes: number;
  /** Messages per second that a session may send; twice as many in a burst. */
  readonly messagesPerSecond: number;
  /** Bytes per second that a session may send; twice as many in a burst, and always one whole frame. */
  readonly bytesPerSecond: number;
};

export const defaultLimits: Limits = {
  stateBytes: 1_048_576, // 1 MiB
  stateDepth: 64,
  patchOperations: 1000,
  frameBytes: 262_144, // 256 KiB
  messagesPerSecond: 100,
  bytesPerSecond: 524_288, // 512 KiB
};

// A Durable Object has 128 MB of memory, and RPC carries up to 32 MiB. A room may hold, send and copy a state at the
// same time.
const caps: Limits = {
  stateBytes: 8_388_608, // 8 MiB
  stateDepth: 256,
  patchOperations: 100_000,
  frameBytes: 8_388_608,
  messagesPerSecond: 1_000_000,
  bytesPerSecond: 1_073_741_824, // 1 GiB
};

/** ms by which an issuer's and this Worker's clocks may differ. A token is accepted for that much longer. */
export const clockTolerance = 30_000;
/** Bytes of a session's presence (rule P1). */
export const maxPresenceBytes = 2048;
/** Sockets, and streams of changes, that one user may have in a room (rule L1). */
export const maxUserSessions = 32;
/** Streams of changes in a room for all callers without a user together (rule L1). */
export const maxStreamsOfNobody = 256;
/** Users that a session may watch, and bytes of their ids as a JSON array (rule N1). */
export const [maxWatchedUsers, maxWatchedBytes] = [64, 8192];
/** Messages in one frame. */
export const maxFrameMessages = 100;
/** Bytes of a user as compact JSON (rule U1). */
export const maxUserBytes = 4096;
/** Characters of a user id (rule U1). */
export const maxUserIdLength = 128;
/** Bytes of a room id in UTF-8. */
export const maxRoomIdBytes = 256;

/**
 * Fill in the limits that a behaviour leaves out.
 * @throws RangeError if a limit is unknown or not a whole number from 1 to its highest value
 */
export function resolveLimits(settings: Partial<Limits> = {}): Limits {
  const unknown = Object.keys(settings).find((name) => !Object.hasOwn(caps, name));
  if (unknown !== undefined)
    throw new RangeError(`limits.${unknown} does not exist: use ${Object.keys(caps).join(", ")}`);
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

/** The largest sizes that any of these limits allow, for input whose room is not known yet. */
export const largestLimits = (
  all: readonly Limits[],
): Pick<Limits, "stateBytes" | "frameBytes"> => ({
  stateBytes: Math.max(...all.map(({ stateBytes }) => stateBytes)),
  frameBytes: Math.max(...all.map(({ frameBytes }) => frameBytes)),
});
