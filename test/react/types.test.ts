// What the hooks know about a room's types. The compiler checks it, and nothing here is run.

import { createElement } from "react";
import { expectTypeOf, test } from "vitest";
import * as z from "zod";
import { defineRoom } from "../../src/behaviours/define.ts";
import { connectRoom } from "../../src/client/connect.ts";
import type { Person, Room, UndoResult } from "../../src/client/types.ts";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Presence } from "../../src/protocol/presence.ts";
import type { Entry, Ordered } from "../../src/react/list.ts";
import type { PathOfList, RoomHooks, ShownState } from "../../src/react/types.ts";
import type { TestRoom } from "../../src/testing/test-room.ts";

const board = defineRoom({
  state: z.object({
    title: z.string(),
    notes: z.array(z.object({ text: z.string() })),
    cards: z.record(z.string(), z.object({ order: z.string(), text: z.string() })),
    deep: z.object({ cards: z.record(z.string(), z.object({ order: z.string(), n: z.number() })) }),
  }),
  initialState: { title: "", notes: [], cards: {}, deep: { cards: {} } },
  actions: (action) => ({
    rename: action(z.object({ title: z.string() }), (_room, state, { title }) => ({
      state: { ...state, title },
      result: title.length,
    })),
    clear: action(z.object({}), (_room, state) => ({ state: { ...state, notes: [] } })),
    tag: action(z.object({ tag: z.string().optional() }), () => ({})),
  }),
});

type Card = { readonly order: string; readonly text: string };

// These functions are never called, because hooks run only in components.
type Bound = RoomHooks<typeof board>;

test("selectors receive the frozen state of the behaviour", () => {
  const component = ({ useRoomState }: Bound) => {
    const title = useRoomState((state) => {
      expectTypeOf(state.notes).toEqualTypeOf<readonly { readonly text: string }[]>();
      // @ts-expect-error The state is read-only here.
      state.title = "Pier";
      return state.title;
    });
    expectTypeOf(title).toEqualTypeOf<string | undefined>();
    expectTypeOf(useRoomState()?.title).toEqualTypeOf<string | undefined>();
    useRoomState(
      (state) => state.notes.length,
      (a, b) => {
        expectTypeOf(a).toEqualTypeOf<number>();
        return a === b;
      },
    );
  };
  expectTypeOf(component).toBeFunction();
});

test("hooks that suspend never return undefined", () => {
  const component = ({ suspense }: Bound) => {
    expectTypeOf(suspense.useRoomState((state) => state.title)).toEqualTypeOf<string>();
    expectTypeOf(suspense.useRoomState().notes.length).toEqualTypeOf<number>();
    expectTypeOf(suspense.useSelf()).toEqualTypeOf<Person>();
    expectTypeOf(suspense.useOther("bob")).toEqualTypeOf<Person | undefined>();
  };
  expectTypeOf(component).toBeFunction();
});

test("an action knows the types of its input and its result", () => {
  const component = ({ useAction }: Bound) => {
    const rename = useAction("rename");
    expectTypeOf(rename).parameter(0).toEqualTypeOf<{ title: string }>();
    expectTypeOf(rename).returns.resolves.toEqualTypeOf<number>();
    void rename(
      { title: "Bridge" },
      {
        optimistic: (draft) => {
          draft.notes.push({ text: draft.title });
        },
      },
    );
    // @ts-expect-error The action takes a title.
    void rename({ name: "Bridge" });
    // @ts-expect-error The input is required.
    void rename();
    // @ts-expect-error There is no such action.
    useAction("renam");
  };
  expectTypeOf(component).toBeFunction();
});

test("an action can be called without an input if no member is required", () => {
  const component = ({ useAction, useRoom }: Bound) => {
    const clear = useAction("clear");
    void clear();
    void clear({});
    void clear(undefined, {
      optimistic: (draft) => {
        draft.notes = [];
      },
    });
    void useAction("tag")();
    void useRoom().action("clear");
    // @ts-expect-error The action has no title.
    void clear({ title: "Bridge" });
    // @ts-expect-error The title is required.
    void useRoom().action("rename");
  };
  expectTypeOf(component).toBeFunction();
});

type Shown = {
  readonly cursor: { readonly x: number; readonly y: number } | null;
  readonly tool: "pen" | "eraser";
};

test("presence has the members that the application declares, all of them optional", () => {
  const component = (hooks: RoomHooks<typeof board, Shown>) => {
    const [own, setPresence] = hooks.usePresence();
    expectTypeOf(own?.cursor).toEqualTypeOf<Shown["cursor"] | undefined>();
    expectTypeOf(hooks.useOthers()[0]?.presence?.tool).toEqualTypeOf<
      "pen" | "eraser" | undefined
    >();
    expectTypeOf(hooks.useSelf((self) => self.presence?.typing)).toEqualTypeOf<
      boolean | undefined
    >();
    expectTypeOf(hooks.useRoom().others[0]?.presence?.name).toEqualTypeOf<string | undefined>();
    setPresence({ cursor: null });
    setPresence({ cursor: { x: 1, y: 2 }, tool: "pen", typing: true, name: "Ada" });
    // @ts-expect-error A cursor has a y.
    setPresence({ cursor: { x: 1 } });
    // @ts-expect-error There is no such tool.
    setPresence({ tool: "brush" });
    // @ts-expect-error There is no such member.
    setPresence({ selection: "a" });
    // @ts-expect-error There is no such member.
    void own?.selection;
  };
  expectTypeOf(component).toBeFunction();
});

test("presence has arbitrary members if the application declares none", () => {
  const component = ({ usePresence, useOthers }: Bound) => {
    const [own, setPresence] = usePresence();
    expectTypeOf(own).toEqualTypeOf<Presence | null | undefined>();
    expectTypeOf(useOthers()[0]?.presence?.["tool"]).toEqualTypeOf<JsonValue | undefined>();
    setPresence({ cursor: { x: 1 }, tool: "brush", status: "idle" });
    // @ts-expect-error Clients cannot set this status.
    setPresence({ status: "away" });
  };
  expectTypeOf(component).toBeFunction();
});

test("connectRoom(), a provider and a test room use the declared presence", () => {
  const component = (
    net: TestRoom<typeof board>,
    { RoomProvider }: RoomHooks<typeof board, Shown>,
  ) => {
    const room = connectRoom<typeof board, Shown>({
      url: "/collab",
      room: "design",
      presence: { tool: "pen" },
    });
    expectTypeOf(room.self.presence?.tool).toEqualTypeOf<"pen" | "eraser" | undefined>();
    expectTypeOf(net.join<Shown>("ada")).toEqualTypeOf(room);
    type Props = Parameters<typeof RoomProvider>[0];
    expectTypeOf<{ room: typeof room }>().toExtend<Props>();
    const options = net.optionsFor<Shown>("ada", { presence: { cursor: null } });
    expectTypeOf<{ options: typeof options }>().toExtend<Props>();
    // @ts-expect-error There is no such tool.
    connectRoom<typeof board, Shown>({ url: "/", room: "a", presence: { tool: "brush" } });
  };
  expectTypeOf(component).toBeFunction();
});

test("a recipe receives a draft of the state", () => {
  const component = ({ useUpdate, useRoom }: Bound) => {
    expectTypeOf(useRoom()).toEqualTypeOf<Room<typeof board>>();
    useUpdate()((draft) => {
      draft.notes.push({ text: "milk" });
      // @ts-expect-error A title is a string.
      draft.title = 7;
    });
  };
  expectTypeOf(component).toBeFunction();
});

test("a list infers its items from a path and from a selector", () => {
  const component = ({ useList }: Bound) => {
    const cards = useList("/cards");
    expectTypeOf(cards.items).toEqualTypeOf<readonly Entry<Card>[]>();
    cards.insert({ text: "a" }, { after: "b" });
    cards.update("a", (item) => {
      expectTypeOf(item).toEqualTypeOf<{ order: string; text: string }>();
    });
    // @ts-expect-error The list sets the order.
    cards.insert({ text: "a", order: "V00" });
    // @ts-expect-error An item has a text.
    cards.insert({});
    // @ts-expect-error There is no list at this path.
    useList("/card");
    // @ts-expect-error A title is not a list.
    useList("/title");
    // @ts-expect-error An array has no keys.
    useList("/notes");
    expectTypeOf(useList("/deep/cards").items[0]?.item.n).toEqualTypeOf<number | undefined>();
    expectTypeOf(useList((state) => state.cards).items).toEqualTypeOf<readonly Entry<Card>[]>();
    // @ts-expect-error These items have no order.
    useList((state) => state.notes);
  };
  expectTypeOf(component).toBeFunction();
});

test("the compiler's error names the wrong path", () => {
  type Path<At extends string> = PathOfList<ShownState<typeof board>, At>;
  expectTypeOf<Path<"/card">>().toEqualTypeOf<"no list of items with an order at /card">();
  expectTypeOf<Path<"/cards">>().toEqualTypeOf<"/cards">();
  // The last overload accepts a string, so that this error is the one reported.
  expectTypeOf<Parameters<Bound["useList"]>[0]>().toExtend<string>();
});

test("undo can be a button's listener, and reports its result to a callback", () => {
  const component = ({ useUndo }: Bound) => {
    const { undo } = useUndo(({ undone, skipped }) => {
      expectTypeOf(undone).toEqualTypeOf<boolean>();
      expectTypeOf(skipped).toEqualTypeOf<number>();
    });
    expectTypeOf(undo).returns.toEqualTypeOf<UndoResult>();
    createElement("button", { onClick: undo });
  };
  expectTypeOf(component).toBeFunction();
});

test("rooms of arbitrary state have hooks, too", () => {
  const component = ({ useRoomState, useAction, useList, useUpdate }: RoomHooks<JsonObject>) => {
    expectTypeOf(useRoomState((state) => state["title"])).toEqualTypeOf<JsonValue | undefined>();
    expectTypeOf(useAction("any")).returns.resolves.toEqualTypeOf<JsonValue>();
    expectTypeOf(useList("/cards").items).toEqualTypeOf<readonly Entry<JsonObject & Ordered>[]>();
    useUpdate()(() => {});
  };
  expectTypeOf(component).toBeFunction();
});

test("a provider takes either a room or options", () => {
  const component = ({ RoomProvider }: Bound, room: Room<typeof board>) => {
    const options = { url: "/collab", room: "design" };
    type Props = Parameters<typeof RoomProvider>[0];
    expectTypeOf<{ room: typeof room }>().toExtend<Props>();
    expectTypeOf<{ options: typeof options }>().toExtend<Props>();
    expectTypeOf<{ room: typeof room; options: typeof options }>().not.toExtend<Props>();
    expectTypeOf<{}>().not.toExtend<Props>();
  };
  expectTypeOf(component).toBeFunction();
});
