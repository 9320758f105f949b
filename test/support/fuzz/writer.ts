// A writer without a socket under fuzz: it changes the state over HTTP and by the library, reads it back,
// and lets users come and go who have no socket.

import type { JsonObject } from "../../../src/protocol/json.ts";
import { CollabError } from "../../../src/protocol/errors.ts";
import { canonical } from "../canonical-json.ts";
import { at, send, taggedEpoch, taggedVersion } from "../http.ts";
import { mergedByOracle } from "../merge-patch.ts";
import { plainPatched } from "../plain-patch.ts";
import { rooms } from "../rooms.ts";
import type { TestSession } from "../session.ts";
import { randomMerge, randomOperations, type FuzzState } from "./edits.ts";
import type { WriteOptions } from "./history.ts";
import type { Random } from "./random.ts";
import { played, type FuzzRoom } from "./room.ts";
import type { UserEntry } from "../../../src/protocol/users.ts";

const patchType = "application/json-patch+json";
const mergeType = "application/merge-patch+json";

export class FuzzWriter {
  readonly room: FuzzRoom;
  readonly name: string;
  #known: { readonly version: number; readonly state: FuzzState };

  constructor(room: FuzzRoom, name: string, state: FuzzState) {
    this.room = room;
    this.name = name;
    this.#known = { version: room.firstVersion, state };
  }

  /** Read the state, and hold it to what others were shown. */
  async read(): Promise<{ version: number; state: FuzzState }> {
    const { history, id } = this.room;
    const floor = history.floor;
    const response = await send("GET", at(id, "/state"));
    if (response.status !== 200) throw new Error(await response.text());
    const version = taggedVersion(response);
    this.room.noteEpoch(taggedEpoch(response));
    const state = await response.json<FuzzState>();
    history.saw(version, state, this.name, floor);
    this.#known = { version, state };
    return this.#known;
  }

  look(): void {
    this.room.begin("read", this.read());
  }

  /** Change the state, this way or that. */
  write(random: Random): void {
    const token = this.room.nextToken(this.name);
    const { version, state } = this.#known;
    const conditional = random.chance(0.2);
    const condition = conditional ? { "if-match": this.room.tagOf(version) } : {};
    const ifVersion = conditional ? { ifVersion: version } : {};
    const mayFail = conditional ? (["version_conflict"] as const) : [];
    switch (random.weighted({ patch: 4, merge: 3, put: 2, act: 2, update: 4 })) {
      case "patch": {
        const json = [
          ...randomOperations(random, state, this.room.isBulky),
          { op: "add", path: `/kept/${token}`, value: true } as const,
        ];
        return this.#ask(
          token,
          {
            apply: (before) => plainPatched(before, json) as FuzzState,
            mayFail: ["patch_failed", ...mayFail],
            ...ifVersion,
          },
          (key) =>
            send("PATCH", at(this.room.id, "/state"), {
              json,
              type: patchType,
              headers: { ...key, ...condition },
            }),
        );
      }
      case "merge": {
        const json: JsonObject = { doc: randomMerge(random), kept: { [token]: true } };
        return this.#ask(
          token,
          {
            apply: (before) => mergedByOracle(before, json) as FuzzState,
            mayFail,
            ...ifVersion,
          },
          (key) =>
            send("PATCH", at(this.room.id, "/state"), {
              json,
              type: mergeType,
              headers: { ...key, ...condition },
            }),
        );
      }
      case "put": {
        // Whole, so it holds only for the version it was made from.
        const json = played(state, token, random.below(1e6));
        return this.#ask(
          token,
          { apply: () => json, mayFail: ["version_conflict"], ifVersion: version },
          () =>
            send("PUT", at(this.room.id, "/state"), {
              json,
              headers: { "if-match": this.room.tagOf(version) },
            }),
          1,
        );
      }
      case "act": {
        const seed = random.below(1e6);
        return this.#ask(token, { apply: (before) => played(before, token, seed) }, (headers) =>
          send("POST", at(this.room.id, "/actions/play"), { json: { token, seed }, headers }),
        );
      }
      case "update":
        return this.#update(token, random.below(1e6), random.chance(0.3));
    }
  }

  /**
   * Ask for a change. What has not come back may have been done all the same, so it is sent again with its key.
   * @param ask makes the request, with these headers
   * @param attempts 1 for a request that takes no key
   */
  #ask(
    token: string,
    options: WriteOptions,
    ask: (headers: { "idempotency-key": string }) => Promise<Response>,
    attempts = 5,
  ): void {
    const write = this.room.history.begin(token, options);
    const work = async (): Promise<void> => {
      for (let attempt = 1; ; attempt++) {
        const response = await ask({ "idempotency-key": token });
        const answer = await response.json<{ version: number } | { code: string }>();
        if (!("code" in answer && answer.code === "room_unavailable"))
          return this.room.answered(write, answer);
        if (attempt === attempts) throw new Error(answer.code);
        this.room.count("key sent again");
      }
    };
    this.room.begin(token, work(), () => write.unknown());
  }

  /** By a function of the Worker's own, which takes a moment now and then. */
  #update(token: string, seed: number, slowly: boolean): void {
    const { room } = this;
    const write = room.history.begin(token, { apply: (before) => played(before, token, seed) });
    const work = async (): Promise<void> => {
      try {
        const { version } = await rooms.room(room.id).updateState<FuzzState>(async (state) => {
          write.given = canonical(state);
          if (slowly) await scheduler.wait(1);
          return played(state, token, seed);
        });
        room.answered(write, { version });
      } catch (error) {
        const code = error instanceof CollabError ? error.code : "room_unavailable";
        if (code === "room_unavailable") throw error;
        room.answered(write, { code });
      }
    };
    room.begin(token, work(), () => write.unknown());
  }

  /** Something else that is not about the state. */
  bustle(random: Random): void {
    const { room } = this;
    const id = `guest-${random.below(3)}`;
    const ask = (method: string, path: string, json?: unknown): Promise<void> =>
      send(method, at(room.id, path), json === undefined ? {} : { json }).then(async (response) => {
        const text = await response.text();
        if (text.includes("room_unavailable")) throw new Error(text);
        if (path === "/users" && response.status === 201)
          room.memberships.saw([JSON.parse(text) as UserEntry]);
      });
    switch (random.weighted({ join: 4, leave: 2, unwanted: 0.5, hold: 1.5, touch: 0.5 })) {
      case "join":
        return room.begin("join", ask("POST", "/users", { id, shade: random.below(9) }));
      case "leave":
        return room.begin("leave", ask("DELETE", `/users/${id}`));
      case "unwanted":
        return room.begin("unwanted", ask("POST", "/users", { id: "mallory", unwanted: true }));
      case "hold": {
        const data = { cursor: random.below(99) };
        return room.begin("hold", ask("PUT", `/presence/${id}`, { data, ttl: 60_000 }));
      }
      case "touch":
        return room.begin("touch", ask("POST", "/touch", {}));
    }
  }

  /** Let a user leave whose sockets may be open. */
  kick(userId: string): void {
    const kicked = send("DELETE", at(this.room.id, `/users/${userId}`));
    this.room.disturb(kicked);
    this.room.begin("kick", kicked);
  }

  /** Send an event to everybody. @param open the sessions that are there */
  announce(open: TestSession[]): void {
    const payload = this.room.nextToken(`event-${this.name}`);
    this.room.events.send(payload, null, false, open);
    const sent = rooms.room(this.room.id).broadcast("wave", payload);
    this.room.begin(
      payload,
      sent.then(() => this.room.events.acknowledged(payload)),
    );
  }
}
