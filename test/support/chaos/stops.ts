// Whoever starts, stops and purges rooms, of which some are in use.

import type { Random } from "../fuzz/random.ts";
import type { Life } from "./life.ts";
import type { BriefRoom, SharedRoom } from "./rooms.ts";
import type { Service } from "./service.ts";

export class Stops {
  readonly #shared: readonly SharedRoom[];
  readonly #brief: readonly BriefRoom[];
  readonly #service: Service;
  readonly #random: Random;

  constructor(
    shared: readonly SharedRoom[],
    brief: readonly BriefRoom[],
    service: Service,
    random: Random,
  ) {
    this.#shared = shared.filter(({ fate }) => fate !== "kept");
    this.#brief = brief;
    this.#service = service;
    this.#random = random;
  }

  /** Start, stop and purge until the server is to be killed. */
  async work(life: Life): Promise<void> {
    while (!life.isOver) {
      const what = this.#random.weighted({ start: 10, stop: 6, purge: 4, disturb: 3 });
      if (what === "start") await this.#start(this.#random.pick(this.#brief), life);
      else if (what === "disturb") await this.#stopShared(this.#random.pick(this.#shared), life);
      else await this.#stop(this.#random.pick(this.#brief), what === "purge", life);
    }
  }

  async #start({ id, ledger, isRunning }: BriefRoom, life: Life): Promise<void> {
    const asked = this.#service.ask("PUT", `/rooms/${id}`, { body: {} });
    life.happened("start");
    await isRunning.follow(
      asked.then((answer) => {
        if (answer === null || answer.status === 503) return null;
        const { status, json } = answer;
        if (status === 200 || status === 201) {
          ledger.show(String(json["epoch"]), Number(json["version"]));
          return true;
        }
        this.#service.unexpected(`the start of ${id}`, answer);
        return null;
      }),
    );
  }

  async #stop({ id, ledger, isRunning }: BriefRoom, purge: boolean, life: Life): Promise<void> {
    const isStopped = this.#askToStop(id, purge ? ledger.purge() : null, life);
    await isRunning.follow(isStopped.then((stopped) => (stopped ? false : null)));
  }

  /** Its writers come back, and so start it again; its members do not. */
  async #stopShared({ id, fate, ledger, members }: SharedRoom, life: Life): Promise<void> {
    const isStopped = this.#askToStop(id, fate === "purged" ? ledger.purge() : null, life);
    const isIn = isStopped.then((stopped) => (stopped ? false : null));
    await Promise.all([...members.values()].map((member) => member.follow(isIn)));
  }

  /** @returns whether the room has stopped */
  async #askToStop(id: string, purged: (() => void) | null, life: Life): Promise<boolean> {
    const asked = this.#service.ask("DELETE", `/rooms/${id}${purged ? "?purge=true" : ""}`);
    life.happened(purged ? "purge" : "stop");
    const answer = await asked;
    if (answer === null) return false;
    const { status, json } = answer;
    const isStopped = status === 204 || json["code"] === "room_not_running";
    if (isStopped) purged?.();
    else if (status !== 503) this.#service.unexpected(`the stop of ${id}`, answer);
    return isStopped;
  }
}
