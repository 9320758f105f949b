// The virtual service: what stands between the lines of clients and the room's object. It opens sockets, tells refusals
// as the Worker does, and is the binding by which a handle reaches the room.

import type { CallResult, RoomRpc } from "../cloudflare/rpc.ts";
import { readUpgrade } from "../cloudflare/upgrade.ts";
import { closeCodeOf, CollabError, type Result } from "../protocol/errors.ts";
import { failureMessage } from "../protocol/messages.ts";
import { describe, type Log } from "../room/log.ts";
import { ClientSocket } from "./client-socket.ts";
import type { VirtualClock } from "./clock.ts";
import type { Door, Knock } from "./door.ts";
import { Line, Wire } from "./line.ts";
import type { ObjectSocket } from "./object-socket.ts";
import type { Outside } from "./outside.ts";
import type { Randomness } from "./randomness.ts";
import type { Runner } from "./runner.ts";
import type { VirtualObject } from "./virtual-object.ts";

type ServiceOptions = {
  readonly clock: VirtualClock;
  readonly runner: Runner;
  readonly outside: Outside;
  readonly randomness: Randomness;
  readonly door: Door;
  readonly object: VirtualObject;
  readonly log: Log;
};

export class VirtualService {
  readonly #options: ServiceOptions;
  /** For sockets of the Worker's own code: it takes no time. */
  readonly #workerLine: Line;

  constructor(options: ServiceOptions) {
    this.#options = options;
    const { clock, randomness } = options;
    this.#workerLine = new Line({ name: "the Worker", clock, randomness, lag: { ms: 0 } });
  }

  /** The namespace of rooms, as far as a stub uses it. Each call makes the net run until it is answered. */
  readonly rooms = {
    getByName: () => ({
      call: (...[name, input, caller, waiting = [], request]: Parameters<RoomRpc["call"]>) =>
        this.#driven(() => this.#options.object.call(name, input, caller, waiting, request)),
      fetch: (request: Request) => this.#driven(() => this.#observe(request)),
    }),
  } as unknown as DurableObjectNamespace<RoomRpc>; // it uses these methods alone

  /** Open a socket over a line. */
  open(line: Line, knock: Knock): ClientSocket {
    const { wire, client } = this.#connect(line);
    wire.send("toRoom", "an upgrade", () => void this.#upgrade(knock, client, wire));
    return client;
  }

  #connect(line: Line): { wire: Wire; client: ClientSocket } {
    const wire = new Wire(line);
    const client = new ClientSocket(wire, (ms, call) => {
      const isUnderWay = (): boolean => ms === 0;
      this.#options.clock.plan(ms, { what: "a closing socket", isUnderWay, run: call });
    });
    return { wire, client };
  }

  async #upgrade(knock: Knock, client: ClientSocket, wire: Wire): Promise<void> {
    const outcome = await this.#admitted(knock, client, wire);
    if ("ok" in outcome) return outcome.ok.upgraded();
    const { code, ...more } = outcome.error;
    const error = new CollabError(code, more);
    if (!this.#options.door.wantsClose(knock))
      return wire.send("toClient", "a refusal", () => client.broken());
    const frame = JSON.stringify(failureMessage(undefined, error));
    const nobody = { receive() {}, receiveClose() {}, abandoned() {} };
    const closing = { code: closeCodeOf(code), reason: code };
    wire.send("toClient", "a refusal", () => client.opened(nobody));
    wire.send("toClient", frame, () => client.receive(frame));
    wire.send("toClient", "a close frame", () => client.receiveClose(closing));
  }

  /** Admits a socket, or refuses it with a reason. */
  async #admitted(knock: Knock, client: ClientSocket, wire: Wire): Promise<Result<ObjectSocket>> {
    const { door, outside, object, log, randomness } = this.#options;
    try {
      const upgrade = await outside.track("the option identify", Infinity, () => door.admit(knock));
      return await object.open(upgrade, client, wire);
    } catch (error) {
      if (error instanceof CollabError) return { error: error.info };
      // The object has died meanwhile, or `identify` has thrown something of its own.
      const instance = randomness.newId();
      log("room_unavailable", { instance, error: describe(error) });
      return { error: { code: "room_unavailable", instance } };
    }
  }

  /** The socket of an observer, for the Worker's own code. */
  async #observe(request: Request): Promise<Response> {
    const { wire, client } = this.#connect(this.#workerLine);
    const outcome = await this.#options.object.open(readUpgrade(request), client, wire);
    const opened = "ok" in outcome ? client : null;
    if ("ok" in outcome) outcome.ok.upgraded();
    const response = { webSocket: opened, json: async () => outcome };
    return response as unknown as Response; // Node makes no response with a socket
  }

  #driven<T extends CallResult<unknown> | Response>(call: () => Promise<T>): Promise<T> {
    const { clock, runner } = this.#options;
    if (clock.isStopped)
      throw new CollabError("room_unavailable", {
        detail: "This net is closed. Create another one with createTestRoom().",
      });
    return runner.drive(call());
  }
}
