// Close frames that no library sends, over plain TCP: the room answers each of them, and the TCP connection ends.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { asking, startEnds } from "../support/ends.ts";
import { outsideClients } from "../support/outside-client.ts";
import { RawSocket } from "../support/raw-socket.ts";
import type { Server } from "../support/server.ts";
import type { TestSession } from "../support/session.ts";

let server: Server;
beforeAll(async () => {
  server = await startEnds();
});
afterAll(() => server.stop());

const { connect } = outsideClients(() => server.url);
const ask = asking(() => server);

/** A room that never sleeps, because a sleeping object would end TCP in any case. */
async function busyRoom(): Promise<{ id: string; bob: TestSession }> {
  const id = await ask.start("patient");
  const bob = await connect(id, { id: "bob" });
  const timer = setInterval(() => bob.send({ type: "touch" }), 1000);
  onTestFinished(() => clearInterval(timer));
  return { id, bob };
}

/** Ada joins, closes with this payload, and is away. @returns the payload of the answer */
async function closeWith(payload: Uint8Array, hasPinged: boolean): Promise<Uint8Array | null> {
  const { id, bob } = await busyRoom();
  const user = encodeURIComponent('{"id":"ada"}');
  const socket = await RawSocket.open(`${server.url}/rooms/${id}/socket?user=${user}`);
  await socket.skipPast('"type":"welcome"');
  if (hasPinged) {
    socket.send(1, utf8("ping"));
    await socket.skipPast("pong");
  } else await socket.skipPast('"state":{}}');
  const answer = await socket.close(payload);
  await bob.until(({ presence }) => presence["ada"]?.status === "away");
  expect(await ask.sockets(id)).toBe(1);
  return answer;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const withCode = (code: number, reason: Uint8Array = utf8("")): Uint8Array =>
  Uint8Array.of(code >> 8, code & 255, ...reason);

describe.for([true, false])("a client that has pinged (%s) and closes", (hasPinged) => {
  test.for([1000, 1001, 1016, 2999, 3000, 4000, 4999])(
    "[W4, U8] with %d gets the same code back, and TCP ends",
    async (code) => {
      const payload = withCode(code, utf8("bye"));
      expect(await closeWith(payload, hasPinged)).toEqual(payload);
    },
  );

  test.for([0, 1, 999, 1004, 1006, 1015, 5000, 9999, 65_535])(
    "[W4, U8] with %d, which is not allowed in a frame, gets 1002, and TCP ends",
    async (code) => {
      expect(await closeWith(withCode(code, utf8("bye")), hasPinged)).toEqual(withCode(1002));
    },
  );

  test.for([
    ["without a code", Uint8Array.of()],
    ["with half a code", Uint8Array.of(3)],
    ["with 1005, which stands for none", withCode(1005)],
  ] as const)("[W4, U8] %s gets an answer without one, and TCP ends", async ([, payload]) => {
    expect(await closeWith(payload, hasPinged)).toEqual(Uint8Array.of());
  });

  test.for([
    ["is cut inside a character", utf8("é".repeat(62)).subarray(0, 123)],
    ["is no UTF-8", Uint8Array.of(0xff, 0xfe)],
    ["has a NUL", utf8("a\u0000b")],
  ] as const)(
    "[W4, U8] with a reason that %s gets the code back, and TCP ends",
    async ([, reason]) => {
      const answer = await closeWith(withCode(4000, reason), hasPinged);
      expect(answer?.subarray(0, 2)).toEqual(withCode(4000));
    },
  );
});
