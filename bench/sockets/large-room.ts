// What must not grow with the state or with the crowd: the bytes of a change to a large state, and what a
// room of five thousand sockets costs each of them.

import { openFileLimit } from "../machine.ts";
import { Arena } from "./arena.ts";
import type { Measurement } from "./measurement.ts";

const kilobytes = 100_000;

export const oneKey: Measurement = {
  name: "one key of 100 KB",
  async run(arena) {
    const target = await arena.room("ours", kilobytes);
    const result = await arena.client.run("oneChange", { target, sockets: 10 });
    return {
      rows: [
        {
          what: "one key changed in a 100 KB state: bytes to each client",
          figures: { ours: result.mostBytes },
          target: { relation: "<=", value: 299 },
        },
      ],
      rounds: result,
    };
  },
};

// Everybody is told of everybody: what joining costs grows with the square of the users, and for as many
// users as sockets it would be all that is measured.
const [wanted, tabs] = [5000, 10];
// For what a process has open beside the sockets of clients.
const spare = 200;

export const crowd: Measurement = {
  name: "5,000 sockets",
  async run() {
    const sockets = Math.min(wanted, openFileLimit() - spare);
    if (sockets < wanted)
      console.log(`  only ${sockets} sockets: \`ulimit -n\` allows ${openFileLimit()} open files`);
    // Its memory is measured: it must not have been used for anything else.
    const arena = await Arena.open(["ours"]);
    try {
      const target = await arena.room("ours");
      const result = await arena.client.run("crowd", { target, sockets, tabs });
      const { joinSeconds, joinMegabytes, reached, eventMs, bytesPerSocket } = result;
      const kib = bytesPerSocket === undefined ? undefined : bytesPerSocket / 1024;
      return {
        rows: [
          {
            what: `${sockets} sockets of ${sockets / tabs} users in one room: reached by one broadcast`,
            figures: { ours: reached },
            target: { relation: ">=", value: wanted },
          },
          { what: "  all joined after, s", figures: { ours: joinSeconds } },
          { what: "  sent to them for that, MB", figures: { ours: joinMegabytes } },
          { what: "  the broadcast was with the last after, ms", figures: { ours: eventMs } },
          { what: "  memory of the server per socket, KiB", figures: { ours: kib } },
        ],
        rounds: result,
      };
    } finally {
      await arena.close();
    }
  },
};
