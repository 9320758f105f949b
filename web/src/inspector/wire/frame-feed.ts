// Follows the frames of a room, which the room sends only while someone is watching. The latest ones are kept.

import { isPassing, roomPath, problemOf, type Api, type Problem } from "../common/api.ts";
import type { TracedClose, TracedDrop, TracedFrame } from "../common/api.ts";
import type { WireEntry } from "./entry.ts";
import { eventsOf, type ServerEvent } from "../common/events.ts";

export type WireView = {
  readonly state: "opening" | "live" | "broken" | "stopped" | "failed";
  /** Oldest first. */
  readonly entries: readonly WireEntry[];
  /** The number of entries since the start. */
  readonly total: number;
  readonly problem: Problem | null;
};

const kept = 2000;
const retryAfter = 2000;

export class FrameFeed {
  readonly #api: Api;
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  #entries: WireEntry[] = [];
  #view: WireView = { state: "opening", entries: [], total: 0, problem: null };
  #nextId = 0;
  #isWaiting = false;

  constructor(api: Api, room: string) {
    this.#api = api;
    this.#path = roomPath(room, "/trace");
  }

  readonly view = (): WireView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  clear(): void {
    this.#entries = [];
    this.#show({ entries: [] });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const headers = { accept: "text/event-stream" };
        const { body } = await this.#api.fetch(this.#path, { signal, headers });
        this.#show({ state: "live", problem: null });
        if (body) for await (const event of eventsOf(body)) this.#take(event);
      } catch (error) {
        const problem = problemOf(error);
        if (signal.aborted) return;
        if (!isPassing(problem)) return this.#show({ state: "failed", problem });
      }
      if (signal.aborted || this.#view.state === "stopped") return;
      this.#show({ state: "broken" });
      await new Promise((resolve) => setTimeout(resolve, retryAfter));
    }
  }

  #take({ kind, data }: ServerEvent): void {
    if (kind === "stopped") return this.#show({ state: "stopped" });
    if (kind !== "frame" && kind !== "closed" && kind !== "dropped") return;
    const traced = JSON.parse(data) as TracedFrame & TracedClose & TracedDrop;
    this.#entries.push({ id: this.#nextId++, kind, ...traced });
    if (this.#entries.length > kept * 1.2) this.#entries = this.#entries.slice(-kept);
    // There may be hundreds per second: render at most once per animation frame.
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.#show({ entries: this.#entries.slice(-kept), total: this.#nextId });
    });
  }

  #show(view: Partial<WireView>): void {
    this.#view = { ...this.#view, ...view };
    for (const listener of this.#listeners) listener();
  }
}
