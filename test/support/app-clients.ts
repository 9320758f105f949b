// Clients in the same process as the app: they come to rooms through the fixture's app, wherever it runs.

import type { CollabEnv } from "collab-room";
import { collab } from "../fixtures/worker.ts";
import { createClients, type Clients } from "./clients.ts";

/**
 * Clients of the fixture's app.
 * @example
 * ```ts
 * const ada = await connect(newId(), { id: "ada" });
 * expectOk(await ada.update([{ op: "add", path: "/title", value: "Bridge" }]));
 * ```
 */
export const appClients = (env: CollabEnv): Clients =>
  createClients(async (call) => {
    const request = new Request(`https://rooms.test${call.path}`, {
      headers: {
        upgrade: "websocket",
        ...(call.protocols.length > 0 && { "sec-websocket-protocol": call.protocols.join(", ") }),
        ...call.headers,
      },
    });
    const response = await collab.app.fetch(request, env);
    const { status, headers, webSocket: socket } = response;
    if (!socket)
      return { status, type: headers.get("content-type") ?? "", text: await response.text() };
    socket.addEventListener("message", ({ data }) => {
      call.onFrame(typeof data === "string" ? data : null);
    });
    socket.addEventListener("close", ({ code, reason }) => call.onClose({ code, reason }));
    // The other end is gone without a word, as when an object crashes.
    socket.addEventListener("error", () => call.onClose({ code: 1006, reason: "" }));
    socket.accept();
    call.onOpen({
      protocol: headers.get("sec-websocket-protocol") ?? "",
      send: (data) => socket.send(data),
      close: (code, reason) => socket.close(code, reason),
    });
    return null;
  });
