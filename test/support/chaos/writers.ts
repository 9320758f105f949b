// Clients that write into one room each, and send again what has no answer: by a socket with numbered requests
// (rule X1), and over HTTP with keys (rule X2).

import type { JsonObject } from "../../../src/protocol/json.ts";
import type { ClientSession, Reply } from "../client-session.ts";
import type { Random } from "../fuzz/random.ts";
import { ForgottenError, NumberedClient, type Numbered } from "../numbered-client.ts";
import type { Life } from "./life.ts";
import type { SharedRoom } from "./rooms.ts";
import type { Answer, Service } from "./service.ts";

export type Writer = {
  readonly room: SharedRoom;
  /** Its session, if it writes by a socket. */
  readonly session: ClientSession | null;
  /** How many writes were acknowledged. */
  readonly acknowledged: number;
  /** What it waits for, if an answer takes too long. */
  readonly waitsFor: string | null;
  /** Come back if it has to, send again, and go on writing until the server is to be killed. */
  write(life: Life): Promise<void>;
  /** The server is gone: note what was seen of the room until then. */
  note(): void;
  /** Come back if it has to, send again, and wait for each answer. */
  settle(): Promise<void>;
  /** Send the last request that was acknowledged once more: its answer must be the same. */
  repeat(epoch: string): Promise<void>;
};

/** How many requests a client on a socket has on the way. */
const inFlight = 4;

/** One write in so many is an action. */
const actionsAmong = 8;

const patchOf = (mark: string) => [
  { op: "add", path: "/log/-", value: mark },
  { op: "inc", path: "/count", by: 1 },
];

const logOf = (session: ClientSession): string[] => session.state["log"] as string[];

/** The server is gone, or the room has just stopped: the writer tries again. */
class NotYet extends Error {}

type Acknowledged<Request, Response> = {
  readonly request: Request;
  readonly response: Response;
  readonly epoch: string;
};

export class SocketWriter implements Writer {
  readonly name: string;
  readonly room: SharedRoom;
  readonly #service: Service;
  readonly #random: Random;
  readonly #client: NumberedClient;
  readonly #requests = new Map<number, { readonly request: Numbered; readonly mark: string }>();
  #life: Life | null = null;
  #acknowledged = 0;
  #last: Acknowledged<Numbered & { readonly seq: number }, Reply> | null = null;

  constructor(name: string, room: SharedRoom, service: Service, random: Random) {
    this.name = name;
    this.room = room;
    this.#service = service;
    this.#random = random;
    this.#client = new NumberedClient(
      async (resume) => {
        const query = { client: name };
        const options = { query, ...(resume && { resume }) };
        const session = await service.connect(room.id, { id: name }, options);
        if (session === null) throw new NotYet();
        return session;
      },
      (seq, reply, session) => this.#replied(seq, reply, session),
    );
  }

  get session(): ClientSession | null {
    return this.#client.session;
  }

  get waitsFor(): string | null {
    const { isLost, pending } = this.#client;
    if (isLost) return `${this.name} is not in ${this.room.id}`;
    if (pending === 0) return null;
    const last = this.session?.frames.at(-1)?.slice(0, 200);
    return `${this.name} in ${this.room.id} has no answer to ${pending} requests, and got at last ${last}`;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  async write(life: Life): Promise<void> {
    this.#life = life;
    while (!life.isOver) {
      if (this.#client.isLost) await this.#come();
      else if (this.#client.pending < inFlight) this.#request();
      else await this.#client.news;
    }
  }

  note(): void {
    const { session } = this;
    if (session === null) return;
    const { version, epoch } = session;
    this.room.ledger.showAll(this.name, { epoch, version, log: logOf(session) });
  }

  async settle(): Promise<void> {
    this.#life = null;
    while (this.#service.isUp && (this.#client.isLost || this.#client.pending > 0)) {
      if (this.#client.isLost) await this.#come();
      else await this.#client.news;
    }
  }

  async repeat(epoch: string): Promise<void> {
    if (this.#last?.epoch !== epoch || this.session === null) return;
    const { request, response } = this.#last;
    const { ref: _, ...before } = response;
    const { ref: __, ...again } = await this.session.ask(request);
    if (JSON.stringify(again) !== JSON.stringify(before))
      this.#service.wrong.push(
        `${this.name} got ${JSON.stringify(again)} instead of ${JSON.stringify(before)}`,
      );
  }

  async #come(): Promise<void> {
    try {
      await this.#client.come();
      this.room.ledger.show(this.#client.session?.epoch ?? "", this.#client.session?.version ?? 0);
      this.#life?.happened("welcome");
    } catch (error) {
      if (error instanceof NotYet) await new Promise(setImmediate);
      // A room that was purged knows nothing of what it was asked before.
      else if (error instanceof ForgottenError && this.room.fate === "purged")
        this.#client.giveUp();
      else this.#service.wrong.push(String(error));
    }
  }

  #request(): void {
    const mark = `${this.name}.${this.#requests.size + 1}`;
    const request: Numbered =
      this.#random.below(actionsAmong) === 0
        ? { type: "action", name: "push", payload: { mark } }
        : { type: "update", patch: patchOf(mark) };
    this.room.ledger.ask(mark);
    this.#requests.set(this.#client.request(request), { request, mark });
  }

  #replied(seq: number, reply: Reply, { epoch }: ClientSession): void {
    const asked = this.#requests.get(seq);
    if (asked === undefined) return;
    const { request, mark } = asked;
    const { ledger } = this.room;
    if (reply.ok) {
      ledger.acknowledge(mark, epoch, reply.version ?? 0);
      this.#last = { request: { ...request, seq }, response: reply, epoch };
      this.#acknowledged++;
      this.#life?.happened("acknowledgement");
    } else if (reply.code === "room_not_running" || reply.code === "room_stopped") {
      ledger.refuse(mark);
    } else this.#service.wrong.push(`${mark} was refused: ${JSON.stringify(reply)}`);
  }
}

type Keyed = { readonly method: string; readonly path: string; readonly body: unknown } & {
  readonly type: string;
  readonly key: string;
};

export class HttpWriter implements Writer {
  readonly name: string;
  readonly room: SharedRoom;
  readonly session = null;
  readonly #service: Service;
  readonly #random: Random;
  #life: Life | null = null;
  #acknowledged = 0;
  #asked = 0;
  #pending: { readonly request: Keyed; readonly mark: string } | null = null;
  #last: Acknowledged<Keyed, JsonObject> | null = null;

  constructor(name: string, room: SharedRoom, service: Service, random: Random) {
    this.name = name;
    this.room = room;
    this.#service = service;
    this.#random = random;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  async write(life: Life): Promise<void> {
    this.#life = life;
    while (!life.isOver) {
      this.#pending ??= this.#next();
      await this.#send(this.#pending);
    }
  }

  get waitsFor(): string | null {
    return this.#pending && `${this.name} has no answer to ${this.#pending.mark}`;
  }

  note(): void {}

  async settle(): Promise<void> {
    this.#life = null;
    while (this.#service.isUp && this.#pending !== null) await this.#send(this.#pending);
  }

  async repeat(epoch: string): Promise<void> {
    if (this.#last?.epoch !== epoch) return;
    const { request, response } = this.#last;
    const answer = await this.#ask(request);
    const isReplay = answer?.headers.get("idempotency-replayed") === "true";
    const before = JSON.stringify(response);
    if (!isReplay || JSON.stringify(answer?.json) !== before)
      this.#service.wrong.push(
        `${this.name} got ${JSON.stringify(answer?.json)} instead of a replay of ${before}`,
      );
  }

  #next(): { request: Keyed; mark: string } {
    const mark = `${this.name}.${++this.#asked}`;
    const { id, ledger } = this.room;
    ledger.ask(mark);
    const request =
      this.#random.below(actionsAmong) === 0
        ? {
            method: "POST",
            path: `/rooms/${id}/actions/push`,
            body: { mark },
            type: "application/json",
          }
        : {
            method: "PATCH",
            path: `/rooms/${id}/state`,
            body: patchOf(mark),
            type: "application/vnd.collab-room.patch+json",
          };
    return { request: { ...request, key: mark }, mark };
  }

  async #send({ request, mark }: { request: Keyed; mark: string }): Promise<void> {
    const answer = await this.#ask(request);
    if (answer === null) return void (await new Promise(setImmediate));
    const { status, headers, json } = answer;
    if (status === 200) {
      const { epoch, version } = tagOf(headers);
      this.room.ledger.acknowledge(mark, epoch, version);
      this.#last = { request, response: json, epoch };
      this.#pending = null;
      this.#acknowledged++;
      this.#life?.happened("acknowledgement");
    } else if (json["code"] === "room_not_running") {
      await this.#service.ask("PUT", `/rooms/${this.room.id}`, { body: {} });
    } else if (status !== 503) {
      this.#service.unexpected(mark, answer);
      this.#pending = null;
    }
  }

  #ask({ method, path, ...request }: Keyed): Promise<Answer | null> {
    return this.#service.ask(method, path, request);
  }
}

/** The epoch and the version that an entity tag has. */
export function tagOf(headers: Headers): { epoch: string; version: number } {
  const tag = (headers.get("etag") ?? "").replaceAll('"', "");
  const dot = tag.lastIndexOf(".");
  return { epoch: tag.slice(0, dot), version: Number(tag.slice(dot + 1)) };
}
