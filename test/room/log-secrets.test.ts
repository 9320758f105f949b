// No line of the log contains anything of a room's contents (rule O1). A marked secret is passed in every possible way
// and into everything that fails, and must not appear in the log. User ids, room ids and reasons given by authors are
// not secret.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { setScript } from "../fixtures/scripts.ts";
import { createLog, describe as describeError } from "../../src/room/log.ts";
import { at, send } from "../support/core/http.ts";
import {
  breakWrites,
  evict,
  failure,
  mendWrites,
  newId,
  rooms,
  sql,
} from "../support/core/rooms.ts";
import { arrived, set } from "../support/core/sessions.ts";
import { connect, refusal } from "../support/core/socket-client.ts";
import { useFakeDate } from "../support/fake-date.ts";

useFakeDate();

const secret = "s3cr3t";
const json = { [secret]: secret, text: secret, list: [secret, { deep: secret }] };
const user = { id: "ada", name: secret, email: secret, [secret]: 1 };

let id: string;
let logged: string[];

beforeEach(() => {
  id = newId();
  logged = [];
  for (const method of ["debug", "log", "info", "warn", "error", "trace"] as const)
    vi.spyOn(console, method).mockImplementation((...texts) => void logged.push(texts.join(" ")));
});

/** Check that these events were logged, that each line is JSON, and that none contains the secret. */
function expectNoSecret(...events: string[]): void {
  const own = logged.filter((line) => line.includes(id));
  const seen = own.map((line) => (JSON.parse(line) as { event: string }).event);
  for (const event of events) expect(seen).toContain(event);
  expect(logged.filter((line) => line.includes(secret))).toEqual([]);
}

/** Send requests to every route that takes input, with the secret wherever it fits. */
async function sendEverywhere(rest: Record<string, string> = {}): Promise<void> {
  const headers = {
    authorization: `Bearer ${secret}`,
    cookie: `token=${secret}`,
    "x-secret": secret,
    "user-agent": secret,
    ...rest,
  };
  const at_ = (path: string) => at(id, `${path}${path.includes("?") ? "&" : "?"}token=${secret}`);
  const patch = "application/json-patch+json";
  const merge = "application/merge-patch+json";
  const operations = JSON.stringify([{ op: "add", path: `/${secret}`, value: secret }]);
  const broken = `{"${secret}": ${secret}`;
  await send("PUT", at_(""), { json: { behaviour: "saved", [secret]: secret }, headers });
  await send("PUT", at_(""), { json: { behaviour: secret }, headers });
  await send("POST", at_("/users"), { json: user, headers });
  await send("POST", at_("/users"), { json: { ...user, id: { secret } }, headers });
  await send("POST", at_("/users"), { json: { ...user, id: `\u200b${secret}` }, headers });
  await send("POST", at_("/users"), { body: broken, type: "application/json", headers });
  await send("GET", at_(`/users?cursor=${secret}`), { headers });
  await send("PATCH", at_("/users/ada"), { json: { scopes: [secret] }, headers });
  await send("PUT", at_("/state"), { json, headers });
  await send("PUT", at_("/state"), { json: [secret], headers });
  await send("PATCH", at_("/state"), { body: operations, type: patch, headers });
  await send("PATCH", at_("/state"), { body: `[{"op":"${secret}"}]`, type: patch, headers });
  await send("PATCH", at_("/state"), { body: broken, type: patch, headers });
  await send("PATCH", at_("/state"), { body: JSON.stringify(json), type: merge, headers });
  await send("GET", at_("/state"), { headers: { ...headers, "if-none-match": `"${secret}"` } });
  await send("GET", at_(`/changes?epoch=${secret}&since=0`), { headers });
  await send("POST", at_("/actions/rename"), { json: { title: secret }, headers });
  await send("POST", at_("/actions/rename"), { json: { title: [secret] }, headers });
  await send("POST", at_(`/actions/${secret}`), { json, headers });
  await send("POST", at_("/actions/play"), { json, headers });
  await send("POST", at_("/broadcast"), { json: { event: secret, payload: json }, headers });
  await send("POST", at_("/touch"), { json: { userId: secret }, headers });
  await send("PUT", at_("/presence/ada"), { json: { data: json }, headers });
  await send("PUT", at_("/presence/ada"), { json: { data: secret }, headers });
  await send("GET", `/${secret}`, { headers });
}

test("[O1] requests do not log what they carry, with and without an idempotency key", async () => {
  setScript(id, { play: () => ({ result: secret, state: json }) });
  await sendEverywhere();
  await sendEverywhere({ "idempotency-key": secret });
  await rooms.room(id).stop();
  expectNoSecret("room_started", "join_refused", "room_stopped");
});

test("[O1] sessions do not log what they send, nor their close reasons", async () => {
  await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  const ada = await connect(id, user);
  ada.send({ type: "presence", data: json });
  ada.send({ type: "broadcast", event: secret, payload: json });
  void ada.update(set(secret, json));
  void ada.update([{ op: "remove", path: `/${secret}/none` }]);
  void ada.merge(json);
  void ada.act("rename", { title: secret });
  void ada.act(secret, json);
  for (const text of [secret, `{"type":"${secret}"}`, `{"type":"update","ref":"${secret}"}`])
    ada.sendRaw(text);
  await arrived(ada);
  await ada.close(4999, secret);
  await expect.poll(() => logged.join()).toContain("session_closed");
  await refusal(id, { ...user, id: "" });
  expectNoSecret("room_started", "session_closed");
});

describe("failures do not log the contents involved", () => {
  test("[O1, A6] hooks and actions that return invalid values", async () => {
    const wrong = (): never => secret as never;
    setScript(id, { onJoin: wrong, play: wrong, saveRoomState: wrong });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "saved" });
    await failure(room.join(user));
    await failure(room.act("play", json));
    await failure(room.act("bad", json));
    await failure(room.updateState(() => secret as never));
    await room.patchState([{ op: "add", path: "/text", value: secret }]);
    await expect.poll(() => logged.join()).toContain("save_failed");
    expectNoSecret("hook_failed", "action_failed", "join_refused", "save_failed");
  });

  test("[O1] hooks that parse invalid JSON, which the engine quotes in its error", async () => {
    setScript(id, { onJoin: () => JSON.parse(`${secret} is no JSON`) as never });
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await failure(room.join(user));
    expectNoSecret("hook_failed");
    expect(logged.join()).toContain("is not valid JSON");
  });

  test("[O1, R10] failed writes and commits", async () => {
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    for (const table of ["changes", "members"]) await breakWrites(id, table);
    await failure(room.patchState([{ op: "add", path: "/text", value: secret }]));
    await failure(room.join(user));
    for (const table of ["changes", "members"]) await mendWrites(id, table);
    expectNoSecret("commit_failed", "internal");
  });

  test("[O1, S10] unreadable records", async () => {
    const room = await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
    await room.join(user);
    await room.patchState([{ op: "add", path: "/text", value: secret }]);
    for (const query of [
      `UPDATE changes SET patch = CAST('${secret}' AS BLOB)`,
      `UPDATE members SET data = '${secret}'`,
      `UPDATE room SET data = '${secret}'`,
    ])
      await sql(id, query);
    await evict(id);
    await failure(room.getState());
    expectNoSecret("record_unreadable");
  });
});

test.each([
  [secret, "plain"],
  [`{"${secret}": }`, "in quotes"],
  [`{"a": "${secret}" x "is not valid JSON"}`, "with the engine's own words"],
  [`${secret}${"x".repeat(500)}`, "long"],
  [`["line\n${secret}"`, "in lines"],
])("[O1] an error of JSON.parse is described without its text: %j", (text) => {
  let error: unknown;
  try {
    JSON.parse(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(describeError(error)).toMatch(/^SyntaxError/);
  expect(describeError(error)).not.toContain(secret);
});

test("[O1] a field that is too long for a line is truncated", () => {
  createLog({ room: id })("hook_failed", { error: "x".repeat(100_000), what: "y".repeat(4096) });
  const line = JSON.parse(logged.at(-1) ?? "") as { error: string; what: string };
  expect([line.error.length, line.what.length]).toEqual([4097, 4096]);
});

test("[O1] an error with many quotes in it is described without delay", () => {
  const text = `is not valid JSON ${'"'.repeat(1_000_000)}`;
  expect(describeError(new Error(text))).toContain(text);
});
