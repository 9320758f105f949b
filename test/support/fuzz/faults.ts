// Objects that die, or fail, exactly where a change is committed. The object's own `sql.exec` is wrapped
// from inside: the statement that writes a change is the moment.
//
// Writes and sends of one turn have no `await` between them, and the platform commits such writes when
// the turn ends. So an `abort` in the middle of it takes the write back ("before commit"); and an `abort`
// once `storage.sync()` has resolved comes after the commit ("after commit"). In that case the sends of
// the turn are swallowed, all of them or all but the first few, and so are the answers to calls, as if the
// machine had died before they left it.

import { runInDurableObject } from "cloudflare:test";
import { stubOf } from "../rooms.ts";

export const faults = ["before commit", "after commit", "between sends", "write fails"] as const;
export type Fault = (typeof faults)[number];

/** What is called inside the object: it must settle no promise of the test. */
type Told = { onStrike(): void; onDeath(): void };

/** Let a fault happen at the next commit. */
export const arm = (id: string, fault: Fault, { onStrike, onDeath }: Told): Promise<void> =>
  runInDurableObject(stubOf(id), (object, state) => {
    const abort = (): void => {
      onDeath();
      state.abort("crash of a test");
    };
    swallowAnswers(Object.getPrototypeOf(object) as Callable);
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    let armed = true;
    define(sql, "exec", (query: string, ...bindings: SqlStorageValue[]) => {
      if (!armed || !query.startsWith("INSERT INTO changes")) return exec(query, ...bindings);
      armed = false;
      onStrike();
      if (fault === "write fails") throw new Error("secret: the disk is full");
      const cursor = exec(query, ...bindings);
      if (fault === "before commit") abort();
      silent.add(object);
      let sends = fault === "between sends" ? 2 : 0;
      for (const socket of state.getWebSockets()) {
        const send = socket.send.bind(socket);
        define(socket, "send", (frame: string) => void (sends-- > 0 && send(frame)));
      }
      void state.storage.sync().then(abort);
      return cursor;
    });
  });

/** Let no more faults happen in an object. */
export const disarm = (id: string): Promise<void> =>
  runInDurableObject(stubOf(id), (_, { storage }) => {
    Reflect.deleteProperty(storage.sql, "exec");
  });

/** The object dies between two turns. */
export const die = (id: string, { onDeath }: Pick<Told, "onDeath">): Promise<void> =>
  runInDurableObject(stubOf(id), (_, state) => {
    // After this call has been answered: what is said of a call that dies with its object is noise.
    void state.storage.sync().then(() => {
      onDeath();
      state.abort("crash of a test");
    });
  }).catch(() => {});

/** Objects whose answers are swallowed. */
const silent = new WeakSet<object>();

type Callable = { call(...input: unknown[]): Promise<unknown> };

const wrapped = new WeakSet<Callable>();

/** Calls reach only methods of the class, so it is wrapped there: an answer of a silent object never comes. */
function swallowAnswers(prototype: Callable): void {
  if (wrapped.has(prototype)) return;
  wrapped.add(prototype);
  const { call } = prototype;
  define(prototype, "call", async function (this: object, ...input: unknown[]) {
    const answer = await call.apply(this as Callable, input);
    return silent.has(this) ? new Promise(() => {}) : answer;
  });
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { configurable: true, value });
}
