// Sockets in Node, to a real server over TCP: closing, cutting and killing are as in real life.

import { text as textOf } from "node:stream/consumers";
import { WebSocket } from "ws";
import type { Dial } from "./dial.ts";

/** ms that a server may take to answer. */
const handshakeTimeout = 60_000;

/** @param origin asked for at each call, for a server that starts again has another one */
export const outsideDial =
  (origin: () => string): Dial =>
  (call) => {
    const url = `${origin().replace(/^http/, "ws")}${call.path}`;
    const { headers } = call;
    const socket = new WebSocket(url, [...call.protocols], { headers, handshakeTimeout });
    socket.on("message", (data, isBinary) => call.onFrame(isBinary ? null : String(data)));
    socket.on("close", (code, reason) => call.onClose({ code, reason: String(reason) }));
    return new Promise((resolve, reject) => {
      socket.on("error", reject); // after it is open, `close` tells of it
      socket.on("open", () => {
        call.onOpen({
          protocol: socket.protocol,
          send: (data) => socket.send(data),
          close: (code, reason) => socket.close(code, reason),
          cut: () => socket.terminate(),
        });
        // As a client should. Besides, after a close by the room, local workerd ends the line of a socket
        // that has never sent anything only when the object goes to sleep, 10 s later (2026-11).
        socket.send("ping");
        resolve(null);
      });
      socket.on("unexpected-response", (_, response) => {
        const { statusCode: status = 0 } = response;
        const type = response.headers["content-type"] ?? "";
        textOf(response).then((text) => resolve({ status, type, text }), reject);
      });
    });
  };
