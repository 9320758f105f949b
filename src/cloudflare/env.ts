// The bindings and variables that collab-room needs in its Worker.

import type { DirectoryRpc, RoomRpc } from "./rpc.ts";

/** The environment of a Worker that uses collab-room. */
export type CollabEnv = {
  /** Binding of the Durable Object class `CollabRoom`. */
  readonly ROOMS: DurableObjectNamespace<RoomRpc>;
  /** Binding of the Durable Object class `RoomDirectory`. */
  readonly DIRECTORY: DurableObjectNamespace<DirectoryRpc>;
  /** Number of directory shards, 1 to 1,000. Default: 4. After a change, running rooms must restart. */
  readonly DIRECTORY_SHARDS?: number | string;
  /** Workers Analytics Engine dataset for the data points of rooms; without it, none are written. */
  readonly ANALYTICS?: AnalyticsEngineDataset;
  /** `open` serves everyone without authentication. For local development only. */
  readonly AUTH_MODE?: string;
  /** Secrets for HS256 tokens, at least 32 bytes each; separate several with white space. */
  readonly AUTH_SECRET?: string;
  /** Public keys for RS256, ES256 and EdDSA tokens: a JSON Web Key Set (RFC 7517) as JSON. */
  readonly AUTH_JWKS?: string;
  /** The https URL of such a set. */
  readonly AUTH_JWKS_URL?: string;
  /** The required `iss` and `aud` of a token; checked if set. */
  readonly AUTH_ISSUER?: string;
  readonly AUTH_AUDIENCE?: string;
  /** Origins whose pages may use the service, separated by commas or white space, compared exactly; `*` for any. */
  readonly ALLOWED_ORIGINS?: string;
};
