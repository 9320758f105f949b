// The client in Node, with Node's own WebSocket, against a real server process that is killed, requires tokens, and
// refuses users.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  connectRoom,
  RoomError,
  type ConnectOptions,
  type Room,
  type SocketConstructor,
  type SocketLike,
} from "../../src/client/index.ts";
import { startServer, type Server } from "../support/server.ts";
import { inSeconds, secret, tokenOf } from "../support/tokens.ts";

type State = { list: string[] };

const NodeSocket = (globalThis as unknown as { WebSocket: SocketConstructor }).WebSocket;

/** A client of a server whose port may change. */
function joinOn(server: () => Server, options: Omit<ConnectOptions, "url">): Room<State> {
  const open = (url: string, protocols: string[]): SocketLike =>
    new NodeSocket(url.replace("ws://rooms.test", server().url.replace("http", "ws")), protocols);
  const room = connectRoom<State>({ url: "http://rooms.test", ...options, environment: { open } });
  onTestFinished(() => room.leave());
  return room;
}

/** Resolves when a condition on the room holds. */
function until(room: Room<State>, isTrue: () => boolean): Promise<void> {
  if (isTrue()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = room.subscribe(() => {
      if (!isTrue()) return;
      end();
      resolve();
    });
  });
}

describe("the client against a real server", () => {
  test("[C4, C5] keeps edits made while the server is down, and each of them is made once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "collab-room-client-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const start = (): Promise<Server> =>
      startServer({ vars: { AUTH_MODE: "open" }, persistTo: folder });
    let server = await start();
    onTestFinished(() => server.stop());
    const [ada, bob] = ["ada", "bob"].map((id) =>
      joinOn(() => server, { room: "killed", user: { id } }),
    ) as [Room<State>, Room<State>];
    await Promise.all([ada.ready, bob.ready]);
    await ada.update((draft) => void (draft.list = [])).committed;
    await until(bob, () => bob.state.list !== undefined);

    const edits: Promise<unknown>[] = [];
    const push = (room: Room<State>, value: string): void =>
      void edits.push(room.update(({ list }) => void list.push(value)).committed);
    for (let n = 0; n < 10; n++) {
      push(ada, `ada ${n}`);
      push(bob, `bob ${n}`);
    }
    await edits[0];
    await server.kill();
    await until(ada, () => ada.status.state === "reconnecting");
    push(ada, "ada, while it is dead");
    expect(ada.state.list).toContain("ada, while it is dead");
    server = await start();
    await Promise.all(edits);
    await Promise.all([ada, bob].map((room) => until(room, () => room.saved.state === "saved")));
    await until(bob, () => bob.state.list.length === 21);
    expect(bob.state).toEqual(ada.state);
    expect(new Set(ada.state.list).size).toBe(21);
  });

  test("[A8, C5] requests a token, renews it on the open socket, and stays connected", async () => {
    const server = await startServer({ vars: { AUTH_SECRET: secret } });
    onTestFinished(() => server.stop());
    const scopes = { "doc-*": ["room:read", "room:write", "room:create"] };
    let asked = 0;
    const renewed = Promise.withResolvers<void>();
    const ada = joinOn(() => server, {
      room: "doc-1",
      token: () => {
        if (++asked === 2) renewed.resolve();
        return tokenOf({ sub: "ada", scopes, exp: inSeconds(asked === 1 ? 12 : 3600) });
      },
    });
    await ada.ready;
    expect(ada.self.id).toBe("ada");
    let lost = 0;
    ada.on("status", () => lost++);
    await renewed.promise;
    await ada.update((draft) => void (draft.list = ["still here"])).committed;
    expect({ lost, asked }).toEqual({ lost: 0, asked: 2 });
  });

  test("[A10, C5] reports why it is refused, and stops trying", async () => {
    const server = await startServer({ vars: { AUTH_SECRET: secret } });
    onTestFinished(() => server.stop());
    let asked = 0;
    const wrong = joinOn(() => server, {
      room: "doc-1",
      token: () => {
        asked++;
        return tokenOf({ sub: "eve" }, `${secret}!`);
      },
    });
    await until(wrong, () => wrong.status.state === "needs-token");
    expect(wrong.status).toMatchObject({ problem: { code: "invalid_token" } });
    expect(asked).toBe(2);
    const outside = joinOn(() => server, {
      room: "other",
      token: () => tokenOf({ sub: "bob", scopes: { "doc-*": ["room:read"] } }),
    });
    const refused = await outside.ready.catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RoomError);
    expect(outside.status).toMatchObject({
      state: "closed",
      problem: { code: (refused as RoomError).code },
    });
  });
});
