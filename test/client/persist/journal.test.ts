// The stored record of one client, in an environment in which nothing happens by itself (rule C7).

import { expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection/connection.ts";
import type { DocumentSync } from "../../../src/client/document-sync.ts";
import type { Environment } from "../../../src/client/environment.ts";
import type { Database } from "../../../src/client/persist/database.ts";
import { Journal } from "../../../src/client/persist/journal.ts";
import type { Request, Task, Work } from "../../../src/client/requests/request.ts";
import { settle } from "../support/fake-environment.ts";

const task = (number: number): Task => ({
  edit: null,
  action: { name: "log", payload: {} },
  number,
  madeAt: 0,
  isAlone: false,
  held: null,
  remade: 0,
  resolve() {},
  reject() {},
});

const request = (seq: number, ...tasks: readonly Task[]): Request => ({
  seq,
  tasks,
  text: `{"seq":${seq}}`,
  origins: [],
  missing: [],
  retryAt: null,
  attempts: 0,
});

function createJournal() {
  const sent: string[] = [];
  const writes: (() => void)[] = [];
  const world = { work: { nextSeq: 1, sent: [], queued: [] } as Work, isUp: true };
  const journal = new Journal(
    {
      database: {
        write: () => new Promise<void>((resolve) => writes.push(resolve)),
        remove: async () => {},
      } as unknown as Database,
      environment: {
        now: () => 0,
        newId: () => "another",
        later: () => () => {},
        soon: (call: () => void) => queueMicrotask(call),
      } as unknown as Environment,
      document: {
        resumeFrom: { epoch: "e1", since: 7 },
        outbox: {
          get work() {
            return world.work;
          },
        },
        replica: { edits: [], tree: { root: {} }, refresh: (look: () => void) => look() },
      } as unknown as DocumentSync,
      connection: {
        get isUp() {
          return world.isUp;
        },
        send: (text: string) => sent.push(text) > 0,
      } as unknown as Connection,
      key: ["wss://rooms.test", "ada", "record"],
      another: () => ["wss://rooms.test", "ada", "another"],
      owner: { client: "tab", scopes: [] },
      isSole: true,
      isOwn: () => true,
      failed: (error) => {
        throw error;
      },
    },
    null,
  );
  return { journal, sent, writes, world };
}

test("[C7] an edit that is not in the record is sent at once, and one that is waits for the record's update", async () => {
  const { journal, sent, writes, world } = createJournal();
  const [first, second] = [task(1), task(2)];
  world.work = { nextSeq: 1, sent: [], queued: [first] };
  void journal.write();
  const later = request(1, second);
  expect(journal.send(later.text, later)).toBe(true);
  expect(sent).toEqual([later.text]);
  const kept = request(2, first);
  world.work = { nextSeq: 3, sent: [later, kept], queued: [] };
  expect(journal.send(kept.text, kept)).toBe(true);
  await settle();
  // The write under way says that the edit was not sent.
  writes[0]?.();
  await settle();
  expect(sent).toEqual([later.text]);
  writes[1]?.();
  await settle();
  expect(sent).toEqual([later.text, kept.text]);
  expect(journal.hasAll).toBe(true);
});

test("[C7] a message behind one that waits for the record waits as well", async () => {
  const { journal, sent, writes, world } = createJournal();
  const [first, second] = [task(1), task(2)];
  world.work = { nextSeq: 1, sent: [], queued: [first] };
  void journal.write();
  writes[0]?.();
  await settle();
  const [one, two] = [request(1, first), request(2, second)];
  journal.send(one.text, one);
  journal.send(two.text, two);
  world.work = { nextSeq: 3, sent: [one, two], queued: [] };
  await settle();
  expect(sent).toEqual([]);
  writes[1]?.();
  await settle();
  expect(sent).toEqual([one.text, two.text]);
});

test("[C7] a message that waits for the record when the connection drops is not sent over the next one", async () => {
  const { journal, sent, writes, world } = createJournal();
  const first = task(1);
  world.work = { nextSeq: 1, sent: [], queued: [first] };
  void journal.write();
  writes[0]?.();
  await settle();
  const one = request(1, first);
  journal.send(one.text, one);
  world.work = { nextSeq: 2, sent: [one], queued: [] };
  await settle();
  world.isUp = false;
  journal.changed();
  expect(journal.send(one.text, one)).toBe(false);
  world.isUp = true;
  writes[1]?.();
  await settle();
  expect(sent).toEqual([]);
  // The outbox sends it again after the welcome. By then the record is up to date.
  journal.send(one.text, one);
  expect(sent).toEqual([one.text]);
});
