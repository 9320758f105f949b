// Follows the state of a room over a stream of changes. The stream adds no user to the room and does not count as
// activity. It reconnects by itself and resumes from the version it has.

import {
  applyPatch,
  measure,
  type JsonObject,
  type Operation,
  type Patch,
} from "collab-room/protocol";
import { isPassing, roomPath, problemOf, type Api, type Problem } from "../common/api.ts";
import { eventsOf, type ServerEvent } from "../common/events.ts";
import { isContainer, valueAt } from "./rows.ts";

export type FeedView =
  | { readonly state: "loading" }
  | {
      /** `broken`: reconnecting; this is the last known state. */
      readonly state: "live" | "broken" | "stopped";
      readonly epoch: string;
      readonly version: number;
      readonly bytes: number;
      /** Changes whenever members or items are added, removed or moved, and not when only values change. */
      readonly structure: number;
      /** Mutated in place; the view around it is a new object each time. */
      readonly value: JsonObject;
    }
  | { readonly state: "failed"; readonly problem: Problem };

/** The pointers that a change has touched. */
export type Touched = readonly string[];

type Listener = (touched: Touched) => void;

const retryAfter = 2000;
const unlimited = { stateBytes: Infinity, stateDepth: Infinity, patchOperations: Infinity };

type StateEvent = { epoch: string; version: number; state: JsonObject };
type ChangeEvent = { from: number; to: number; patch: Patch };

export class StateFeed {
  readonly #api: Api;
  readonly #path: string;
  readonly #listeners = new Set<Listener>();
  #view: FeedView = { state: "loading" };
  #lastId = "";
  #structure = 0;

  constructor(api: Api, room: string) {
    this.#api = api;
    this.#path = roomPath(room, "/changes");
  }

  readonly view = (): FeedView => this.#view;

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Follow the room until the signal aborts, the room stops, or the service refuses. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        const problem = problemOf(error);
        if (signal.aborted) return;
        if (!isPassing(problem) || this.#view.state === "loading") {
          this.#show({ state: "failed", problem });
          return;
        }
      }
      if (this.#view.state === "stopped" || signal.aborted) return;
      if (this.#view.state === "live") this.#show({ ...this.#view, state: "broken" });
      await pause(retryAfter, signal);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { body } = await this.#api.fetch(this.#path, {
      signal,
      headers: {
        accept: "text/event-stream",
        ...(this.#lastId !== "" && { "last-event-id": this.#lastId }),
      },
    });
    // If nothing has changed in the meantime, no event arrives.
    if (this.#view.state === "broken") this.#show({ ...this.#view, state: "live" });
    if (body) for await (const event of eventsOf(body)) this.#take(event);
  }

  #take({ id, kind, data }: ServerEvent): void {
    const view = this.#view;
    const lastId = id || this.#lastId;
    // If this fails, the next stream starts with the whole state.
    this.#lastId = "";
    if (kind === "state" || kind === "reset") {
      const { epoch, version, state } = JSON.parse(data) as StateEvent;
      const { bytes } = measure(state, Infinity);
      const structure = ++this.#structure;
      this.#show({ state: "live", epoch, version, bytes, structure, value: state });
    } else if (kind === "change" && "value" in view) {
      const { from, to, patch } = JSON.parse(data) as ChangeEvent;
      if (from !== view.version) throw new Error("The changes do not follow each other.");
      if (!patch.every((operation) => changesValue(view.value, operation))) this.#structure++;
      const { value, bytes } = applyPatch(view, patch, unlimited);
      const structure = this.#structure;
      this.#show(
        { ...view, state: "live", version: to, structure, value, bytes },
        touchedBy(patch),
      );
    } else if (kind === "stopped" && "value" in view) this.#show({ ...view, state: "stopped" });
    this.#lastId = lastId;
  }

  #show(view: FeedView, touched: Touched = []): void {
    this.#view = view;
    for (const listener of this.#listeners) listener(touched);
  }
}

/** Whether an operation only replaces one primitive value with another. */
function changesValue(state: JsonObject, operation: Operation): boolean {
  const { op, path } = operation;
  if (op === "inc" || op === "str_ins" || op === "str_del") return true;
  if (op !== "replace" || isContainer(operation.value)) return false;
  const before = valueAt(state, path);
  return before !== undefined && !isContainer(before);
}

const touchedBy = (patch: Patch): Touched =>
  patch.map(({ op, path }) => (op === "remove" ? path.slice(0, path.lastIndexOf("/")) : path));

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  return promise;
}
