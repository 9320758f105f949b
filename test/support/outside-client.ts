// Clients in Node, who come to a real server over TCP.

import { createClients, type Clients } from "./clients.ts";
import { outsideDial } from "./outside-dial.ts";

/**
 * Clients of a server.
 * @param origin asked for at each call, for a server that starts again has another one
 * @example
 * ```ts
 * const { connect } = outsideClients(() => server.url);
 * const ada = await connect("design", { id: "ada" });
 * ```
 */
export const outsideClients = (origin: () => string): Clients => createClients(outsideDial(origin));
