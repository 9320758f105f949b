// An item is moved out of a list that somebody else replaces at the same time. The item is lost, and so are the edits
// made to it in its new place (rules C2, E2).

import { expect, test } from "vitest";
import type { Operation } from "../../../src/protocol/json-patch.ts";
import { ModelRoom } from "../support/model-room.ts";

const item = (tag: string) => ({ tag, by: [] });

test.each<[string, Operation]>([
  ["a list", { op: "move", from: "/a/0", path: "/b/0" }],
  ["an object", { op: "move", from: "/a/0", path: "/box/kept" }],
])(
  "[C2, E2] an edit of a lost item that was moved to %s is not applied to another item",
  (_, move) => {
    const room = new ModelRoom({ a: ["a0", "a1"].map(item), b: ["b0"].map(item), box: {} });
    const [ada, bob] = [room.join(), room.join()];
    ada.edit(move);
    ada.edit({ op: "add", path: `${move.path}/by/-`, value: "a0" });
    bob.edit({ op: "replace", path: "/a", value: [item("new")] });
    bob.sendAll();
    room.settle();
    expect(room.document.value).toEqual({ a: [item("new")], b: [item("b0")], box: {} });
    expect(ada.state).toEqual(room.document.value);
  },
);
