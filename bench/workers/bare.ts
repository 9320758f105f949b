// The baseline for HTTP: a Worker and a Durable Object that do the same I/O as a room and nothing else.
// GET reads a state from memory, PATCH decodes one operation and writes one row. The Worker calls the object
// over RPC, which is faster on workerd than `fetch`.

import { DurableObject } from "cloudflare:workers";

type Env = { readonly OBJECT: DurableObjectNamespace<BareObject> };

export class BareObject extends DurableObject<Env> {
  #version = 0;
  #state: Record<string, unknown> = { title: "Untitled" };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS changes (version INTEGER PRIMARY KEY, patch TEXT NOT NULL)",
    );
    const [row] = ctx.storage.sql.exec("SELECT max(version) AS version FROM changes").toArray();
    this.#version = Number(row?.["version"] ?? 0);
  }

  read(): { version: number; text: string } {
    return { version: this.#version, text: JSON.stringify(this.#state) };
  }

  write(text: string): number {
    const [operation] = JSON.parse(text) as [{ path: string; value: unknown }];
    this.#state = { ...this.#state, [operation.path.slice(1)]: operation.value };
    this.#version++;
    this.ctx.storage.sql.exec("INSERT INTO changes VALUES (?, ?)", this.#version, text);
    return this.#version;
  }
}

export default {
  async fetch(request, env) {
    const object = env.OBJECT.getByName(new URL(request.url).pathname);
    if (request.method === "GET") {
      const { version, text } = await object.read();
      return new Response(text, {
        headers: { "content-type": "application/json", etag: `"${version}"` },
      });
    }
    const version = await object.write(await request.text());
    return Response.json({ version }, { headers: { etag: `"${version}"` } });
  },
} satisfies ExportedHandler<Env>;
