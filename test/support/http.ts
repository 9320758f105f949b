// Requests to the fixture's app in workerd.

import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { createSend } from "./http-requests.ts";

export * from "./http-requests.ts";

export const send = createSend(env);

/** Bindings for requests that must reach no object: to use them is noted in `asked`, and throws. */
export function untouchable() {
  const asked = vi.fn<(property: PropertyKey) => void>();
  const watch = <T extends object>(namespace: T): T =>
    new Proxy(namespace, {
      get(_, property) {
        asked(property);
        throw new Error("secret: an object was asked");
      },
    });
  return { asked, objects: { ROOMS: watch(env.ROOMS), DIRECTORY: watch(env.DIRECTORY) } };
}
