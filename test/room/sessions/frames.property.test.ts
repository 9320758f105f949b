// Random frames on sockets of real rooms. Each message is carried out or refused with a documented error. A refused
// message changes nothing, and a watching client always has the room's state. `SEED` repeats a run.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { errorTable } from "../../../src/protocol/errors.ts";
import type { RoomMessage } from "../../../src/protocol/messages.ts";
import { canonical } from "../../support/canonical-json.ts";
import { frames, frameState } from "../../support/frame-arbitraries.ts";
import { gather } from "../../support/core/sessions.ts";
import { connect } from "../../support/core/socket-client.ts";
import { runs } from "../../support/runs.ts";
import type { TestSession } from "../../support/session.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
/** How many rooms run at a time. Mostly, each waits for its commit window. */
const atOnce = 10;
const count = runs(10_000);

/** The size of a state, in characters, above which the room starts over to keep the test fast. */
const large = 10_000;

const failures = (messages: readonly RoomMessage[]) =>
  messages.filter(
    (message) => message.type === "error" || (message.type === "reply" && !message.ok),
  );

/** Whether a message says that the state may have changed. */
const mayChange = (message: RoomMessage): boolean =>
  message.type === "reply" && message.ok && message.version !== undefined;

/** Wait until the room has answered everything a session has sent, or has closed its socket. */
async function hasAnswered(session: TestSession): Promise<void> {
  const ref = `fence ${crypto.randomUUID()}`;
  session.send({ type: "broadcast", event: ref, ref, echo: true });
  await session.next("event", ({ event }) => event === ref).catch(() => session.closed);
}

/** A room, a client that sends frames to it, and one that watches. */
async function open() {
  const { id, room, sessions } = await gather("swift", "watcher");
  const [watcher] = sessions as [TestSession];
  let ada: TestSession | null = null;
  const tally = { done: 0, refused: 0, closed: 0 };

  const send = async (frame: string | Uint8Array<ArrayBuffer>): Promise<void> => {
    const session = (ada ??= await connect(id, { id: "ada" }, { query: { client: "ada-1" } }));
    if (watcher.version === 0 || JSON.stringify(watcher.state).length > large)
      await room.updateState(() => frameState);
    const before = JSON.stringify(await room.getState());
    const from = session.messages.length;
    session.sendRaw(frame);
    await hasAnswered(session);
    const told = session.messages.slice(from);
    const refused = failures(told);
    for (const message of refused) {
      const { code } = message as { readonly code: string };
      expect(Object.keys(errorTable)).toContain(code);
      expect(code).not.toMatch(/internal|commit_failed|call_timeout/);
      expect(JSON.stringify(message)).not.toMatch(/secret|\bat \S+ \(|node_modules/);
    }
    const after = JSON.stringify(await room.getState());
    if (!told.some(mayChange)) expect(after).toBe(before);
    await watcher.fence();
    expect(canonical(watcher.state)).toBe(canonical(JSON.parse(after)));
    tally.refused += refused.length > 0 ? 1 : 0;
    tally.done += after === before ? 0 : 1;
    if (session.isOpen) return;
    tally.closed++;
    expect([4400, 4290, 4413]).toContain((await session.closed).code);
    ada = null;
  };
  return { send, tally };
}

describe(`${count} frames, SEED=${seed}`, () => {
  test("[W2, W3, A6, S3] get documented answers, and change nothing if they are refused", async () => {
    const all = await Promise.all(Array.from({ length: atOnce }, open));
    const numRuns = count / atOnce;
    await Promise.all(
      all.map(({ send }, nth) =>
        fc.assert(fc.asyncProperty(frames, send), {
          numRuns,
          seed: seed + nth,
          endOnFailure: true,
        }),
      ),
    );
    for (const kind of ["done", "refused", "closed"] as const) {
      const total = all.reduce((sum, { tally }) => sum + tally[kind], 0);
      expect(total, kind).toBeGreaterThan(count / 100);
    }
  }, 240_000);
});
