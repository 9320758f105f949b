// Users who come and go: members over HTTP, who stay until they leave, and guests by sockets, who are forgotten when
// their socket is gone.

import type { ClientSession } from "../client-session.ts";
import type { Random } from "../fuzz/random.ts";
import type { Life } from "./life.ts";
import type { SharedRoom } from "./rooms.ts";
import type { Service } from "./service.ts";

/** Guests who are in rooms at a time. */
const mostGuests = 4;

export class People {
  readonly #rooms: readonly SharedRoom[];
  readonly #service: Service;
  readonly #random: Random;
  #guests = 0;

  constructor(rooms: readonly SharedRoom[], service: Service, random: Random) {
    this.#rooms = rooms;
    this.#service = service;
    this.#random = random;
  }

  /** Members join and leave until the server is to be killed. */
  async joinAndLeave(life: Life): Promise<void> {
    while (!life.isOver) {
      const { id, members } = this.#random.pick(this.#rooms);
      const [user, isIn] = this.#random.pick([...members]);
      const leaves = isIn.value === true;
      const asked = leaves
        ? this.#service.ask("DELETE", `/rooms/${id}/users/${user}`)
        : this.#service.ask("POST", `/rooms/${id}/users`, { body: { id: user } });
      life.happened(leaves ? "leave" : "join");
      await isIn.follow(
        asked.then((answer) => {
          if (answer === null || answer.status === 503) return null;
          if ([200, 201, 204].includes(answer.status)) return !leaves;
          this.#service.unexpected(`${user} in ${id}, ${leaves ? "leaving" : "joining"},`, answer);
          return null;
        }),
      );
    }
  }

  /** Guests come and go until the server is to be killed; the last ones are in their rooms when it is. */
  async visit(life: Life): Promise<void> {
    const present: ClientSession[] = [];
    while (!life.isOver) {
      const { id } = this.#random.pick(this.#rooms);
      const connecting = this.#service.connect(id, { id: `guest-${++this.#guests}` });
      life.happened("join");
      const session = await connecting;
      if (session === null) await new Promise(setImmediate);
      else present.push(session);
      const first = present.length > mostGuests ? present.shift() : undefined;
      if (first === undefined || life.isOver) continue;
      const end = this.#random.pick(["leave", "close", "terminate"] as const);
      life.happened("leave");
      await first[end]();
    }
  }
}
