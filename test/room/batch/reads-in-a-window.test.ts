// Requests while the commit window of a room is open. The window still ends on time, with one frame per socket, and no
// answer shows anything uncommitted.

import { describe, expect, test } from "vitest";
import * as z from "zod";
import { action, type RoomBehaviour } from "collab-room";
import { CollabError } from "../../../src/protocol/errors.ts";
import { broadcast } from "../../../src/room/operations/broadcast.ts";
import { callAction } from "../../../src/room/operations/call-action.ts";
import { changeState } from "../../../src/room/operations/change-state.ts";
import { getPresence } from "../../../src/room/operations/get-presence.ts";
import { getRoomInfo } from "../../../src/room/operations/get-room-info.ts";
import { getState } from "../../../src/room/operations/get-state.ts";
import { getUser } from "../../../src/room/operations/get-user.ts";
import { listUsers } from "../../../src/room/operations/list-users.ts";
import { isAlive } from "../../../src/room/operations/is-alive.ts";
import { joinRoom } from "../../../src/room/operations/join-room.ts";
import { leaveRoom } from "../../../src/room/operations/leave-room.ts";
import { setScopes } from "../../../src/room/operations/set-scopes.ts";
import { startRoom } from "../../../src/room/operations/start-room.ts";
import { touch } from "../../../src/room/operations/touch.ts";
import { updateState } from "../../../src/room/operations/update-state.ts";
import { RoomByHand, settle, type SocketByHand } from "../../support/room-by-hand.ts";

/** ms, for 120 sockets. */
const windowLength = 10;

const behaviour: RoomBehaviour = {
  // Hooks that receive the state and read it.
  onJoin: ({ state }, { id }) =>
    id === "mallory" ? { error: "not_you" } : { ok: { saw: state["n"] ?? null } },
  onLeave: ({ state }) => state["n"],
  actions: {
    look: action(z.unknown(), (_room, state) => ({ result: state["n"] ?? null })),
    refuse: action(z.unknown(), () => ({ error: "no" })),
  },
};

/** A room with 120 sockets, one change that was sent, and another one that waits for the window. */
async function openWindow() {
  const hand = new RoomByHand({ behaviour });
  for (let n = 0; n < 120; n++) await hand.connect(`user-${n}`);
  await hand.pass(1000);
  await change(hand, 1);
  for (const { frames } of hand.sockets) frames.length = 0;
  const writing = change(hand, 2);
  await settle();
  return { hand, writing, sockets: [...hand.sockets] };
}

const change = (hand: RoomByHand, n: number) =>
  hand.call(changeState, { kind: "merge", source: { text: `{"n":${n}}` } });

/** A request, and a promise of its answer. */
type Ask = (hand: RoomByHand) => Promise<unknown>;

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => (error instanceof CollabError ? error.code : error));

const asks: Record<string, readonly [ask: Ask, answer: unknown]> = {
  "the state": [
    (hand) => hand.call(getState, {}),
    { tag: expect.stringMatching(/\.2$/), text: '{"n":2}' },
  ],
  "the state, if it differs from a known one": [
    (hand) => hand.call(getState, { ifNoneMatch: "any" }),
    { tag: expect.stringMatching(/\.2$/), text: null },
  ],
  "a change with an outdated ETag": [
    (hand) =>
      codeOf(hand.call(changeState, { kind: "merge", source: { text: "{}" }, ifMatch: ["old.1"] })),
    "version_conflict",
  ],
  "a body that is not JSON": [
    (hand) => codeOf(hand.call(changeState, { kind: "patch", source: { text: "{" } })),
    "malformed",
  ],
  "a patch that fails": [
    (hand) =>
      codeOf(
        hand.call(changeState, {
          kind: "patch",
          source: { text: '[{"op":"test","path":"/n","value":1}]' },
        }),
      ),
    "patch_failed",
  ],
  "a change with an outdated version": [
    (hand) =>
      codeOf(hand.call(changeState, { kind: "merge", source: { text: '{"n":3}' }, ifVersion: 1 })),
    "version_conflict",
  ],
  "an update function that changes nothing": [
    (hand) => hand.call(updateState, { next: async (text) => text }),
    { version: 2 },
  ],
  "an update function that fails": [
    (hand) => codeOf(hand.call(updateState, { next: async () => null })),
    "update_failed",
  ],
  "an action that reads the state": [
    (hand) => hand.call(callAction, { name: "look", payload: { text: "{}" } }),
    { result: "2", version: 2, tag: expect.stringMatching(/\.2$/) },
  ],
  "an action that refuses": [
    (hand) => codeOf(hand.call(callAction, { name: "refuse", payload: { text: "{}" } })),
    "action_refused",
  ],
  "a join": [
    async (hand) =>
      JSON.parse((await hand.call(joinRoom, { user: { text: '{"id":"bob"}' } })).user),
    expect.objectContaining({ id: "bob", meta: { saw: 2 } }),
  ],
  "a join that is refused": [
    (hand) => codeOf(hand.call(joinRoom, { user: { text: '{"id":"mallory"}' } })),
    "join_refused",
  ],
  "a socket": [(hand) => hand.connect("cyd"), expect.anything()],
  "a leave": [(hand) => hand.call(leaveRoom, { userId: "nobody" }), undefined],
  "an event": [
    (hand) => hand.call(broadcast, { event: "wave", payload: { text: "1" } }),
    undefined,
  ],
  "a change of an unknown user's scopes": [
    (hand) => codeOf(hand.call(setScopes, { userId: "nobody", scopes: [] })),
    "user_not_found",
  ],
  "a start": [(hand) => hand.call(startRoom, {}), expect.objectContaining({ created: false })],
  "a touch": [(hand) => hand.call(touch, { userId: "user-0" }), undefined],
  "the users": [
    async (hand) => (await hand.call(listUsers, { limit: 1000 })).users,
    expect.stringContaining("user-119"),
  ],
  "one user": [
    (hand) => hand.call(getUser, { userId: "user-7" }),
    expect.stringContaining("user-7"),
  ],
  "the presence": [(hand) => hand.call(getPresence, undefined), expect.any(String)],
  "the room": [
    (hand) => hand.call(getRoomInfo, undefined),
    expect.objectContaining({ users: 120 }),
  ],
  "whether it runs": [(hand) => hand.call(isAlive, undefined), true],
};

const framesOf = (sockets: readonly SocketByHand[]): number[] => [
  ...new Set(sockets.map(({ frames }) => frames.length)),
];

describe("during a window", () => {
  test.for(Object.entries(asks))(
    "[N5, S4] %s, requested repeatedly, is answered and does not end the window early",
    async ([, [ask, answer]]) => {
      const { hand, writing, sockets } = await openWindow();
      const answers: Promise<unknown>[] = [];
      for (let ms = 1; ms < windowLength; ms++) {
        await hand.pass(1);
        answers.push(ask(hand));
        await settle();
        expect(framesOf(sockets)).toEqual([0]);
      }
      await hand.pass(1);
      expect(framesOf(sockets)).toEqual([1]);
      await writing;
      for (const each of answers) expect(await each).toEqual(answer);
    },
  );

  test("[N5, W3] requests of a session, refused or not, do not end the window early", async () => {
    const { hand, sockets } = await openWindow();
    const [ada, ...others] = sockets as [SocketByHand, ...SocketByHand[]];
    const messages = [
      { type: "update", ref: 1, patch: [{ op: "remove", path: "/missing" }] },
      { type: "update", ref: 2, merge: {}, ifVersion: 1 },
      { type: "action", ref: 3, name: "look" },
      { type: "action", ref: 4, name: "refuse" },
      { type: "touch", ref: 5 },
      { type: "broadcast", ref: 6, event: "wave" },
    ];
    for (const message of messages) {
      await hand.room.receive(ada, JSON.stringify(message));
      await hand.pass(1);
      expect(framesOf(others)).toEqual([0]);
    }
    await hand.pass(windowLength);
    expect(framesOf(others)).toEqual([1]);
    const replies = ada.frames.flatMap((frame) => [JSON.parse(frame)].flat());
    expect(
      replies
        .filter(({ type }) => type === "reply")
        .map(({ ref }) => ref)
        .toSorted(),
    ).toEqual(messages.map(({ ref }) => ref));
  });

  test("[N5, S4] reads fail if the commit fails whose changes they would have shown", async () => {
    const { hand, writing } = await openWindow();
    const reading = codeOf(hand.call(getState, {}));
    const writingCode = codeOf(writing);
    hand.storage.appendChange = () => {
      throw new Error("the disk is full");
    };
    await hand.pass(windowLength);
    expect(await Promise.all([reading, writingCode])).toEqual(["commit_failed", "commit_failed"]);
    expect(await hand.call(getState, {})).toEqual({
      tag: expect.stringMatching(/\.1$/),
      text: '{"n":1}',
    });
  });
});
