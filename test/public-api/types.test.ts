// What the types of the public API infer from a schema (rule B3). The compiler checks it; at run time expectTypeOf
// does nothing.

import {
  defineRoom,
  type ActionName,
  type Behaviours,
  type InputOf,
  type JsonObject,
  type JsonValue,
  type ResultOf,
  type RoomBehaviour,
  type RoomHandle,
  type RoomManager,
  type StateOf,
} from "collab-room";
import { describe, expectTypeOf, test } from "vitest";
import * as z from "zod";

const board = defineRoom({
  state: z.object({
    notes: z.array(z.object({ id: z.string(), text: z.string() })),
    votes: z.number(),
  }),
  initialState: { notes: [], votes: 0 },
  onJoin(room) {
    expectTypeOf(room.state).toEqualTypeOf<Board>();
    return { ok: {}, scopes: ["room:read", "room:act"] };
  },
  authorize(room, user) {
    expectTypeOf(room.state.votes).toEqualTypeOf<number>();
    return user.id === "eve" ? { error: "banned" } : { ok: { scopes: ["room:read"] } };
  },
  loadRoomState: (room) => ({ ok: { notes: [], votes: room.state.votes } }),
  saveRoomState(_room, state) {
    expectTypeOf(state).toEqualTypeOf<Board>();
  },
  actions: (action) => ({
    add: action(
      z.object({ id: z.string(), text: z.string().default("") }),
      (room, state, input) => {
        expectTypeOf(room.state).toEqualTypeOf<Board>();
        expectTypeOf(state).toEqualTypeOf<Board>();
        expectTypeOf(input).toEqualTypeOf<{ id: string; text: string }>();
        return { state: { ...state, notes: [...state.notes, input] }, result: state.notes.length };
      },
    ),
    reset: action(z.unknown(), () => {}),
  }),
});

type Board = { notes: { id: string; text: string }[]; votes: number };

describe("a room with a schema", () => {
  test("[B3] has the schema's type as its state, in hooks, actions and for others", () => {
    expectTypeOf<StateOf<typeof board>>().toEqualTypeOf<Board>();
    expectTypeOf(board).toExtend<RoomBehaviour>();
    expectTypeOf({ board }).toExtend<Behaviours>();
  });

  test("[B3] knows its actions: their names, what they take and what they answer", () => {
    expectTypeOf<ActionName<typeof board>>().toEqualTypeOf<"add" | "reset">();
    expectTypeOf<InputOf<typeof board, "add">>().toEqualTypeOf<{
      id: string;
      text?: string | undefined;
    }>();
    expectTypeOf<ResultOf<typeof board, "add">>().toEqualTypeOf<number>();
    expectTypeOf<ResultOf<typeof board, "reset">>().toEqualTypeOf<null>();
  });

  test("[B3] gives these types to a handle that names it", () => {
    const use = async (rooms: RoomManager) => {
      const room = await rooms.joinOrCreateRoom<typeof board>("one", { behaviour: "board" });
      expectTypeOf(room).toEqualTypeOf<RoomHandle<typeof board>>();
      expectTypeOf(await room.getState()).toEqualTypeOf<Board>();
      await room.updateState((state) => ({ ...state, votes: state.votes + 1 }));
      expectTypeOf(await room.act("add", { id: "a" })).toEqualTypeOf<{
        result: number;
        version: number;
      }>();
      // @ts-expect-error: no such action
      await room.act("remove");
      // @ts-expect-error: the input of `add` needs an id
      await room.act("add", {});
      // @ts-expect-error: it cannot do without them
      await room.act("add");
      await room.act("reset");
      // @ts-expect-error: `votes` is a number
      await room.updateState((state) => ({ ...state, votes: "1" }));
    };
    expectTypeOf(use).toBeFunction();
  });

  test("[B3] without one has any JSON object, any action, any input", () => {
    expectTypeOf<StateOf<RoomBehaviour>>().toEqualTypeOf<JsonObject>();
    const read = (room: RoomHandle) => room.getState();
    expectTypeOf(read).returns.resolves.toEqualTypeOf<JsonObject>();
    expectTypeOf<ActionName<RoomBehaviour>>().toEqualTypeOf<string>();
    expectTypeOf<ResultOf<RoomBehaviour, string>>().toEqualTypeOf<JsonValue>();
  });

  test("[B3] does not compile with mistakes", () => {
    // @ts-expect-error: the initial state has the type of the schema
    defineRoom({ state: z.object({ n: z.number() }), initialState: { n: "1" } });
    // @ts-expect-error: scopes are known
    defineRoom({ onJoin: () => ({ ok: {}, scopes: ["room:everything"] }) });
    // @ts-expect-error: writes is all or actions
    defineRoom({ writes: "none" });
    defineRoom({
      state: z.object({ n: z.number() }),
      initialState: { n: 1 },
      actions: (action) => ({
        // @ts-expect-error: the next state has the type of the schema
        break: action(z.unknown(), (_room, state) => ({ state: { ...state, n: "2" } })),
      }),
    });
  });
});
