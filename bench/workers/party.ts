// The second baseline for sockets, a library in common use: partyserver with hibernation, the same INSERT for
// an update as the bare object, and its own `broadcast`.

import { type Connection, type ConnectionContext, routePartykitRequest, Server } from "partyserver";
import {
  changeFrame,
  eventFrame,
  presenceFrame,
  readMessage,
  welcomeFrame,
} from "./baseline-messages.ts";

export class Party extends Server {
  static override options = { hibernate: true };
  #version = 0;

  override onStart(): void {
    const { sql } = this.ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS changes (version INTEGER PRIMARY KEY, patch TEXT NOT NULL)",
    );
    this.#version = Number(sql.exec("SELECT max(version) AS v FROM changes").one()["v"] ?? 0);
  }

  override onConnect(connection: Connection<string>, { request }: ConnectionContext): void {
    connection.setState(new URL(request.url).searchParams.get("name") ?? "");
    connection.send(welcomeFrame(this.#version));
  }

  override onMessage(connection: Connection<string>, text: string): void {
    const message = readMessage(text);
    switch (message.type) {
      case "update": {
        this.#version++;
        const patch = JSON.stringify(message.patch);
        this.ctx.storage.sql.exec("INSERT INTO changes VALUES (?, ?)", this.#version, patch);
        return this.broadcast(changeFrame(this.#version, patch, message.ref));
      }
      case "presence":
        return this.broadcast(presenceFrame(String(connection.state), message.data));
      case "broadcast":
        return this.broadcast(eventFrame(message.event, message.payload));
      default:
        message satisfies never;
    }
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Cloudflare.Env>;
