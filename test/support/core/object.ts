// A room's object in Node, as the platform would run it: storage, an alarm and sockets that outlive the
// instance in memory, which comes with the first event. It does what cloudflare/collab-room.ts does on the
// platform.

import { identifyTestToken } from "../test-tokens.ts";
import { Directory } from "../../../src/cloudflare/directory.ts";
import type { CollabEnv } from "../../../src/cloudflare/env.ts";
import { openSocket, readUpgrade } from "../../../src/cloudflare/upgrade.ts";
import type { Caller } from "../../../src/protocol/caller.ts";
import { CollabError, type Result } from "../../../src/protocol/errors.ts";
import { createLog, describe } from "../../../src/room/log.ts";
import type { Operation } from "../../../src/room/operation.ts";
import { operations, type OperationName } from "../../../src/room/operations/table.ts";
import type { RoomPorts } from "../../../src/room/ports.ts";
import type { KeyedRequest } from "../../../src/room/requests/idempotency-keys.ts";
import { resultOf, type CallResult } from "../../../src/cloudflare/rpc.ts";
import { SqliteRoomStorage, type SqlStore } from "../../../src/storage/sqlite.ts";
import { openNodeSqlite } from "../node-sqlite.ts";
import { TestAlarm } from "./alarm.ts";
import { nextEvent } from "./events.ts";
import { TestInstance, type InstancePorts } from "./instance.ts";
import { crossing } from "./rpc.ts";
import { ClientSocket, ObjectSocket, type SocketEvents } from "./sockets.ts";
import { instanceStore } from "./storage.ts";
import { WriteFaults } from "./write-faults.ts";

export class TestObject {
  readonly #id: string;
  readonly #env: CollabEnv;
  readonly #behaviours: RoomPorts["behaviours"];
  readonly #store: SqlStore = openNodeSqlite();
  readonly #alarm = new TestAlarm(() => void this.#ring());
  /** Which of its writes fail. */
  readonly writes = new WriteFaults();
  readonly #sockets = new Set<ObjectSocket>();
  #instance: TestInstance | null = null;
  /** What had been written when the instance woke. */
  #writtenBefore = 0;

  constructor(id: string, env: CollabEnv, behaviours: RoomPorts["behaviours"]) {
    this.#id = id;
    this.#env = env;
    this.#behaviours = behaviours;
  }

  /** Run an operation by its name, as over RPC. */
  async call(
    name: OperationName,
    input: unknown,
    caller: Caller,
    _waiting: readonly string[] = [],
    request?: KeyedRequest,
  ): Promise<CallResult<unknown>> {
    const values = crossing(input);
    await nextEvent();
    try {
      return await this.#call(name, values.input, structuredClone(caller), request);
    } finally {
      values.end();
      await nextEvent();
    }
  }

  async #call(
    name: OperationName,
    input: unknown,
    caller: Caller,
    request?: KeyedRequest,
  ): Promise<CallResult<unknown>> {
    const operation = operations[name] as Operation<unknown, unknown>;
    const options = { characters: textLength(input), request };
    const called = await this.#answer(async ({ room }) =>
      resultOf(await room.call(operation, input, caller, options)),
    );
    return "error" in called ? called : called.ok;
  }

  /** Open a socket. */
  async fetch(request: Request): Promise<Response> {
    await nextEvent();
    const upgrade = readUpgrade(request);
    const client = new ClientSocket();
    const outcome = await this.#answer((instance) => {
      const accept = () => {
        const socket = new ObjectSocket(client, this.#events);
        this.#sockets.add(socket);
        return instance.socket(socket);
      };
      return openSocket(instance.room, upgrade, accept);
    });
    await nextEvent();
    if ("error" in outcome) return Response.json(outcome);
    return new Response(null, { status: 101, webSocket: client as unknown as WebSocket });
  }

  readonly #events: SocketEvents = {
    message: (socket, frame) =>
      void this.#run((instance) => instance.room.receive(instance.socket(socket), frame)),
    close: (socket, { code }) => {
      this.#sockets.delete(socket);
      void this.#run((instance) => instance.room.socketClosed(instance.socket(socket), code));
    },
  };

  /** Ring the alarm now, whatever it is set to. @returns false when none is set */
  async ring(): Promise<boolean> {
    await nextEvent();
    return this.#run(async (instance) => {
      const { at } = this.#alarm;
      if (at === null) return false;
      this.#alarm.clear();
      await this.#ringFor(instance);
      return true;
    });
  }

  /**
   * Let the instance go from memory, once nothing is under way.
   * @throws Error when there is none
   */
  async evict(sockets: "hibernate" | "close"): Promise<void> {
    await nextEvent();
    const instance = this.#instance;
    if (instance === null) throw new Error("The object is not in memory.");
    await instance.idle();
    instance.go();
    this.#instance = null;
    if (sockets === "close") this.#dropSockets();
  }

  #dropSockets(): void {
    for (const socket of this.#sockets) socket.drop();
    this.#sockets.clear();
  }

  /** The instance dies where it stands, in the middle of a turn too. */
  crash(): void {
    this.#instance?.go();
    this.#dropSockets();
  }

  /** Let the instance die after so many more uses of its ports; see `TestInstance`. */
  async dieAfter(uses: number): Promise<void> {
    await this.#run(async (instance) => {
      instance.dieAfter(uses);
      instance.gone.catch(() => this.#dropSockets());
    });
  }

  /** Whether the instance has died, and none has woken since. */
  get isDead(): boolean {
    return this.#instance?.hasGone ?? false;
  }

  /** What storage holds and the alarm is set to, without waking the object. */
  get atRest(): { readonly sql: SqlStore["sql"]; readonly alarmAt: number | null } {
    return { sql: this.#store.sql, alarmAt: this.#alarm.at };
  }

  /** Look into the object, after all that was sent to it so far. */
  async look<T>(look: (inside: ObjectState) => T | Promise<T>): Promise<T> {
    await nextEvent();
    return this.#run(async () =>
      look({
        sql: this.#store.sql,
        alarm: this.#alarm,
        sockets: [...this.#sockets],
        call: (name, input, caller) => this.#call(name, input, caller),
        rowsWritten: this.#rowsWritten() - this.#writtenBefore,
      }),
    );
  }

  /** The test is over: what is under way may end, but the alarm never rings again. */
  retire(): void {
    this.#alarm.disable();
  }

  #ring(): Promise<void> {
    return this.#run((instance) => this.#ringFor(instance));
  }

  /** The alarm rings. The platform rings it again for an instance that dies of it. */
  async #ringFor(instance: TestInstance): Promise<void> {
    await Promise.race([instance.room.ring(), instance.gone.catch(() => {})]);
    if (instance.hasGone) this.#alarm.set(Date.now());
  }

  async #answer<T>(ask: (instance: TestInstance) => Promise<T>): Promise<Result<T>> {
    try {
      const asked = this.#run((instance) => Promise.race([ask(instance), instance.gone]));
      return { ok: structuredClone(await asked) };
    } catch (error) {
      if (error instanceof CollabError) return { error: structuredClone(error.info) };
      const instance = crypto.randomUUID();
      createLog({ room: this.#id })("internal", { instance, error: describe(error) });
      return { error: { code: "internal", instance } };
    }
  }

  async #run<T>(work: (instance: TestInstance) => Promise<T>): Promise<T> {
    if (this.isDead) this.#instance = null;
    const instance = (this.#instance ??= this.#wake());
    return instance.run(() => work(instance));
  }

  #wake(): TestInstance {
    this.#writtenBefore = this.#rowsWritten();
    return new TestInstance((isThere) => this.#portsFor(isThere));
  }

  #portsFor(isThere: () => boolean): InstancePorts {
    return {
      id: this.#id,
      env: this.#env,
      behaviours: this.#behaviours,
      storage: new SqliteRoomStorage(instanceStore(this.#store, this.#alarm, this.writes, isThere)),
      alarm: {
        // What an instance does that has gone has no effect: on the platform it does nothing any more.
        set: (at) => void (isThere() && this.#alarm.set(at)),
        clear: () => void (isThere() && this.#alarm.clear()),
      },
      alarmAt: this.#alarm.at,
      identify: identifyTestToken,
      sockets: () => [...this.#sockets].filter(({ isOpen }) => isOpen),
      directory: this.#directoryFor(isThere),
    };
  }

  /** The directory, as an instance asks it: one that has gone sends nothing, and hears no answer. */
  #directoryFor(isThere: () => boolean): RoomPorts["directory"] {
    const directory = new Directory(this.#env);
    const ask = async (call: () => Promise<number>): Promise<number> => {
      const answer = isThere() ? await call() : 0;
      return isThere() ? answer : new Promise<never>(() => {});
    };
    return {
      put: (entry, revision) => ask(() => directory.put(entry, revision)),
      remove: (id, revision) => ask(() => directory.remove(id, revision)),
    };
  }

  #rowsWritten(): number {
    const [row] = this.#store.sql.exec("SELECT total_changes() AS n").toArray();
    return Number(row?.["n"]);
  }
}

/** What a test sees of an object. */
export type ObjectState = {
  readonly sql: SqlStore["sql"];
  readonly alarm: TestAlarm;
  readonly sockets: readonly ObjectSocket[];
  readonly call: TestObject["call"];
  /** Since the instance has woken. */
  readonly rowsWritten: number;
};

/** Characters of the JSON text in an operation's input. */
const textLength = (input: unknown): number =>
  Object.values(Object(input)).reduce<number>((sum, value) => {
    const text: unknown = Object(value).text;
    return typeof text === "string" ? sum + text.length : sum;
  }, 0);
