// Clients that edit the same document over connections that delay messages and break. They converge on the room's
// state, and each edit is made once and on its intended target.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { firstState, intents, misplaced, operationFor } from "../../support/tagged-lists.ts";
import { runs } from "../../support/runs.ts";
import { ModelRoom, type ModelClient } from "../support/model-room.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const events = fc.array(
  fc.record({
    who: fc.nat(2),
    what: fc.constantFrom(
      "edit",
      "edit",
      "edit",
      "send",
      "send",
      "commit",
      "receive",
      "receive",
      "resume",
      "whole",
    ),
    intent: intents({ minLength: 1, maxLength: 1 }),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 60 },
);

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

describe(`clients on slow, breaking connections (seed ${seed})`, () => {
  test("[C2, C3, C4] converge on the room's state, and make each edit once", () => {
    fc.assert(
      fc.property(events, (all) => {
        const room = new ModelRoom(firstState());
        const clients = [room.join(), room.join(), room.join()];
        // After a state that arrived as a whole, a client sees what is new but not how it came about. Only the room
        // knows.
        const guessing = new Set<ModelClient>();
        for (const { who, what, intent, count } of all) {
          const client = clients[who] as (typeof clients)[number];
          switch (what) {
            case "edit": {
              const operation = operationFor(client.state, intent[0] as never);
              if (operation) client.edit(copy(operation));
              break;
            }
            case "send":
              client.send(count);
              break;
            case "commit":
              room.commit();
              break;
            case "receive":
              client.receive(count);
              break;
            case "whole":
              guessing.add(client);
              client.connect(what);
              break;
            case "resume":
              client.connect(what);
              break;
            default:
              what satisfies never;
          }
        }
        // One client after the other: while no other edits are pending, each client can predict the result of its own.
        for (const client of clients) {
          client.receiveAll();
          room.commit();
          client.receiveAll();
          const before = copy(client.state);
          const refused = client.refusals.length;
          for (let turn = 0; !client.isQuiet && turn < 100; turn++) {
            client.sendAll();
            room.commit();
            client.receiveAll();
          }
          if (client.refusals.length === refused && !guessing.has(client))
            expect(client.state).toEqual(before);
        }
        room.settle();
        for (const client of clients) {
          expect(client.state).toEqual(room.document.value);
          expect(client.replica.edits).toEqual([]);
          expect(client.answers.length + client.refusals.length).toBe(client.made);
        }
        if (guessing.size === 0) expect(misplaced(room.document.value as JsonObject)).toEqual([]);
      }),
      { numRuns: runs(3000), seed },
    );
  });
});
