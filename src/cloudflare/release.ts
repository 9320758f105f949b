// The versions of this release: of its protocol and of its storage.

import { subprotocol } from "../protocol/messages.ts";
import { schemaVersion } from "../storage/migrations.ts";

/** The subprotocol of sockets, and the version of the tables in a room's storage. */
export const release = { protocol: subprotocol, storage: schemaVersion } as const;
