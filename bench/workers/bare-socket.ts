// The minimal baseline for sockets: a Durable Object with hibernating sockets that does one INSERT for an
// update and one loop of sends for any message. It checks nothing, and holds neither state nor users.

import { DurableObject } from "cloudflare:workers";
import {
  changeFrame,
  eventFrame,
  presenceFrame,
  readMessage,
  welcomeFrame,
} from "./baseline-messages.ts";

type Env = { readonly OBJECT: DurableObjectNamespace<BareSocket> };

export class BareSocket extends DurableObject<Env> {
  #version: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS changes (version INTEGER PRIMARY KEY, patch TEXT NOT NULL)",
    );
    this.#version = Number(sql.exec("SELECT max(version) AS v FROM changes").one()["v"] ?? 0);
  }

  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(new URL(request.url).searchParams.get("name"));
    server.send(welcomeFrame(this.#version));
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, text: string): void {
    const message = readMessage(text);
    switch (message.type) {
      case "update": {
        this.#version++;
        const patch = JSON.stringify(message.patch);
        this.ctx.storage.sql.exec("INSERT INTO changes VALUES (?, ?)", this.#version, patch);
        return this.#broadcast(changeFrame(this.#version, patch, message.ref));
      }
      case "presence":
        return this.#broadcast(presenceFrame(String(socket.deserializeAttachment()), message.data));
      case "broadcast":
        return this.#broadcast(eventFrame(message.event, message.payload));
      default:
        message satisfies never;
    }
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  #broadcast(frame: string): void {
    for (const socket of this.ctx.getWebSockets()) socket.send(frame);
  }
}

export default {
  fetch(request, env) {
    return env.OBJECT.getByName(new URL(request.url).pathname).fetch(request);
  },
} satisfies ExportedHandler<Env>;
