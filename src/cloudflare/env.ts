// The bindings and variables that collab-room needs in its Worker.

import type { DirectoryRpc, RoomRpc } from "./rpc.ts";

/** The environment of a Worker that uses collab-room. */
export type CollabEnv = {
  /** Binding of the Durable Object class `CollabRoom`. */
  readonly ROOMS: DurableObjectNamespace<RoomRpc>;
  /** Binding of the Durable Object class `RoomDirectory`. */
  readonly DIRECTORY: DurableObjectNamespace<DirectoryRpc>;
  /** Number of directory shards, 1 to 1,000. Default: 4. Running rooms must restart after a change. */
  readonly DIRECTORY_SHARDS?: number | string;
  /** Dataset of Workers Analytics Engine for data points of rooms; without it, none are written. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
  /** `open` serves everybody without authentication. For local development only. */
  readonly AUTH_MODE?: string;
  /** Secrets of tokens with HS256, of at least 32 bytes each; several are separated by white space. */
  readonly AUTH_SECRET?: string;
  /** Public keys of tokens with RS256, ES256 or EdDSA: a JSON Web Key Set (RFC 7517) as JSON. */
  readonly AUTH_JWKS?: string;
  /** The https address of such a set. */
  readonly AUTH_JWKS_URL?: string;
  /** What a token must have as `iss` and as `aud`; checked if set. */
  readonly AUTH_ISSUER?: string;
  readonly AUTH_AUDIENCE?: string;
  /** Origins whose pages may use the service, separated by commas or white space, compared exactly; `*` for any. */
  readonly ALLOWED_ORIGINS?: string;
};
