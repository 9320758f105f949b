// The state of a room as it is now: a stream of changes, which is no person in the room and no activity of it. It comes
// back by itself, and goes on from the version that it has.

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
      /** `broken`: this is the last that has come. */
      readonly state: "live" | "broken" | "stopped";
      readonly epoch: string;
      readonly version: number;
      readonly bytes: number;
      /** Another number whenever members or items have come, gone or moved: else only values have changed. */
      readonly structure: number;
      /** Changed in place: another view of it each time. */
      readonly value: JsonObject;
    }
  | { readonly state: "failed"; readonly problem: Problem };

/** What a change has touched, by pointer. */
export type Touched = readonly string[];

type Listener = (touched: Touched) => void;

const retryAfter = 2000;
const unlimited = { stateBytes: Infinity, stateDepth: Infinity, patchOperations: Infinity };

type Told = { epoch: string; version: number; state: JsonObject };
type ToldChange = { from: number; to: number; patch: Patch };

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
    // Nothing may have changed meanwhile, and then nothing comes.
    if (this.#view.state === "broken") this.#show({ ...this.#view, state: "live" });
    if (body) for await (const event of eventsOf(body)) this.#take(event);
  }

  #take({ id, kind, data }: ServerEvent): void {
    const view = this.#view;
    const lastId = id || this.#lastId;
    // Unless all goes well, the next stream begins with the whole state.
    this.#lastId = "";
    if (kind === "state" || kind === "reset") {
      const { epoch, version, state } = JSON.parse(data) as Told;
      const { bytes } = measure(state, Infinity);
      const structure = ++this.#structure;
      this.#show({ state: "live", epoch, version, bytes, structure, value: state });
    } else if (kind === "change" && "value" in view) {
      const { from, to, patch } = JSON.parse(data) as ToldChange;
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

/** Whether an operation only puts one value that holds no others in the place of another. */
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
