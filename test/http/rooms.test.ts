// Rooms over HTTP: starting, reading and stopping one, and everything that is refused.

import { describe, expect, test } from "vitest";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import { at, expectEmpty, expectJson, expectProblem, send, type Sent } from "../support/http.ts";
import { evict, isListed, newId, nothingStored, sql, stored } from "../support/rooms.ts";

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("starting a room", () => {
  test("[R2, R8] PUT starts an absent room and returns its info with 201", async () => {
    const id = newId();
    const response = await send("PUT", at(id));
    const info = await expectJson(response, 201);
    expect(info).toEqual({
      id,
      behaviour: "default",
      epoch: expect.stringMatching(/^[0-9a-f-]{36}$/),
      version: 0,
      users: 0,
      sockets: 0,
      createdAt: time,
      lastActivityAt: info["createdAt"],
      idleTimeout: 1_800_000,
      idleDeadline: new Date(Date.parse(String(info["createdAt"])) + 1_800_000).toISOString(),
      save: { status: "off" },
      alive: true,
    });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("[R2, H7] PUT of a running room returns its info with 200 and changes no option", async () => {
    const id = newId();
    const json = { behaviour: "scripted", idleTimeout: 60_000 };
    const first = await expectJson(await send("PUT", at(id), { json }), 201);
    expect(first).toMatchObject(json);
    const same = { behaviour: "scripted", idleTimeout: 5 };
    expect(await expectJson(await send("PUT", at(id), { json: same }), 200)).toEqual(first);
    expect(await expectJson(await send("PUT", at(id)), 200)).toEqual(first);
  });

  test.each(["saved", "default", "nobody-wrote-this", ""])(
    "[H7] PUT of a running room with the behaviour %j, which is not its own, gets 409 and names both",
    async (behaviour) => {
      const id = newId();
      const started = await send("PUT", at(id), { json: { behaviour: "scripted" } });
      const first = await expectJson(started, 201);
      const response = await send("PUT", at(id), { json: { behaviour } });
      const { detail } = await expectProblem(response, 409, "behaviour_conflict");
      expect(detail).toBe(
        `The request names the behaviour "${behaviour}"; the room runs as "scripted".`,
      );
      expect(await expectJson(await send("GET", at(id)), 200)).toEqual(first);
    },
  );

  test.each([
    ["no body and no content type", {}],
    ["no body under any content type", { type: "text/csv" }],
    ["an empty object", { json: {} }],
    ["JSON with a charset", { body: "{}", type: 'application/JSON ; charset="utf-8"' }],
    ["a byte order mark before the JSON", { body: "\ufeff{}", type: "application/json" }],
  ])("[R2] works with %s", async (_, sent) => {
    await expectJson(await send("PUT", at(newId()), sent), 201);
  });

  test("[R2] fails for an unknown behaviour, and the problem lists the deployed ones", async () => {
    const id = newId();
    const problem = await expectProblem(
      await send("PUT", at(id), { json: { behaviour: "doc" } }),
      400,
      "unknown_behaviour",
    );
    expect(problem.detail).toContain("default, scripted, loaded");
    expect(await stored(id)).toEqual(nothingStored);
  });

  test.each([
    ["idleTimeout", '{"idleTimeout":0}'],
    ["idleTimeout", '{"idleTimeout":-1}'],
    ["idleTimeout", '{"idleTimeout":1.5}'],
    ["idleTimeout", '{"idleTimeout":"60000"}'],
    ["idleTimeout", '{"idleTimeout":null}'],
    ["idleTimeout", '{"idleTimeout":1e400}'],
    ["idleTimeout", `{"idleTimeout":${365 * 24 * 3_600_000 + 1}}`],
    ["behaviour", '{"behaviour":5}'],
    ["", '{"behavior":"scripted"}'],
    ["", '{"__proto__":{"behaviour":"scripted"}}'],
    ["", "[]"],
    ["", '"scripted"'],
    ["", "null"],
  ])("[R2] fails with the place %j of an invalid option: %s", async (path, body) => {
    const id = newId();
    const response = await send("PUT", at(id), { body, type: "application/json" });
    const { issues } = await expectProblem(response, 400, "invalid_request");
    expect(issues).toEqual([{ path, message: expect.any(String) }]);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test.each<[string, number, string, BodyInit, string]>([
    ["malformed JSON", 400, "malformed", '{"behaviour":', "application/json"],
    ["white space", 400, "malformed", " ", "application/json"],
    ["invalid UTF-8", 400, "malformed", Uint8Array.of(0x22, 0xff, 0x22), "application/json"],
    ["UTF-16", 400, "malformed", Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0), "application/json"],
    ["a body of 4,097 bytes", 413, "too_large", " ".repeat(4095) + "{}", "application/json"],
    ["a form", 415, "unsupported_media_type", "a=b", "application/x-www-form-urlencoded"],
    ["latin-1", 415, "unsupported_media_type", "{}", "application/json; charset=iso-8859-1"],
    ["another JSON type", 415, "unsupported_media_type", "{}", "application/merge-patch+json"],
  ])("[R2] with %s gets %i %s", async (_, status, code, body, type) => {
    const id = newId();
    await expectProblem(await send("PUT", at(id), { body, type }), status, code);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test("[R2] works with a body of 4,096 bytes", async () => {
    const body = `${" ".repeat(4094)}{}`;
    await expectJson(await send("PUT", at(newId()), { body, type: "application/json" }), 201);
  });

  test("[R5, A6] gets 503 if the state cannot be loaded, and can be retried", async () => {
    const id = newId();
    setScript(id, {
      loadRoomState: () => {
        throw new Error("secret: the store is down");
      },
    });
    const response = await send("PUT", at(id), { json: { behaviour: "loaded" } });
    expect(response.headers.get("retry-after")).toBe("1");
    const { instance } = await expectProblem(response, 503, "load_failed");
    expect(instance).toBeDefined();
    expect(await stored(id)).toEqual(nothingStored);
    setScript(id, { loadRoomState: () => ({ ok: { title: "back" } }) });
    await expectJson(await send("PUT", at(id), { json: { behaviour: "loaded" } }), 201);
    expect(await (await send("GET", at(id, "/state"))).json()).toEqual({ title: "back" });
  });
});

describe("reading a room", () => {
  test("[R2] GET returns a running room's info, and HEAD only its headers", async () => {
    const id = newId();
    const info = await expectJson(await send("PUT", at(id)), 201);
    const headers = { "cf-ray": "same" }; // the id of a request, which is in the headers too
    const got = await send("GET", at(id), { headers });
    const head = await send("HEAD", at(id), { headers });
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(got.headers));
    expect(await expectJson(got, 200)).toEqual(info);
    await expectEmpty(head, 200);
  });

  test("[T2] GET counts the users and returns no idle deadline for an occupied room", async () => {
    const id = newId();
    await send("POST", at(id, "/users"), { json: { id: "ada" } });
    const info = await expectJson(await send("GET", at(id)), 200);
    expect(info).toMatchObject({ users: 1, sockets: 0, alive: true });
    expect(info).not.toHaveProperty("idleDeadline");
  });

  const merge = { body: "{}", type: "application/merge-patch+json" };

  test.each<[string, string, Sent?]>([
    ["GET", ""],
    ["DELETE", ""],
    ["GET", "/users"],
    ["GET", "/state"],
    ["PUT", "/state", { json: {} }],
    ["PATCH", "/state", merge],
    ["POST", "/actions/rename", { json: {} }],
    ["POST", "/broadcast", { json: { event: "x" } }],
    ["POST", "/touch", { json: {} }],
  ])("[R4] %s of %j in an absent room gets 404 and leaves nothing behind", async (...row) => {
    const [method, rest, sent] = row;
    const id = newId();
    await expectProblem(await send(method, at(id, rest), sent), 404, "room_not_running");
    expect(await stored(id)).toEqual(nothingStored);
    expect(await isListed(id)).toBe(false);
  });

  test("[R4] HEAD of an absent room gets 404 without a body", async () => {
    await expectEmpty(await send("HEAD", at(newId())), 404);
  });
});

test("[A6] a room without its behaviour gets behaviour_missing until it is stopped and started with another one", async () => {
  const id = newId();
  await send("PUT", at(id));
  await sql(id, "UPDATE room SET data = json_set(data, '$.behaviour', 'forgotten')");
  await evict(id);
  for (const [method, rest, sent] of [
    ["PUT", ""],
    ["GET", ""],
    ["GET", "/users"],
    ["GET", "/state"],
    ["POST", "/touch", { json: {} }],
  ] as const)
    await expectProblem(await send(method, at(id, rest), sent), 503, "behaviour_missing");
  await expectEmpty(await send("DELETE", at(id)), 204);
  // Its stored state is guarded by a behaviour that is not deployed.
  await expectProblem(await send("PUT", at(id)), 503, "behaviour_missing");
  await expectJson(await send("PUT", at(id), { json: { behaviour: "default" } }), 201);
});

describe("stopping a room", () => {
  test("[R7] DELETE stops a room with 204: its users leave, and it is no longer listed", async () => {
    const id = newId();
    await send("PUT", at(id), { json: { behaviour: "scripted" } });
    await send("POST", at(id, "/users"), { json: { id: "ada" } });
    await expectEmpty(await send("DELETE", at(id)), 204);
    expect(callsOf(id)).toEqual([
      { hook: "onJoin", user: "ada" },
      { hook: "onLeave", user: "ada" },
    ]);
    expect(await isListed(id)).toBe(false);
    await expectProblem(await send("GET", at(id)), 404, "room_not_running");
    await expectProblem(await send("DELETE", at(id)), 404, "room_not_running");
  });

  test.each(["", "?purge=false"])("[R7, R8] DELETE%s keeps the state", async (query) => {
    const id = newId();
    const { epoch } = await expectJson(await send("PUT", at(id)), 201);
    await send("PUT", at(id, "/state"), { json: { kept: true } });
    await expectEmpty(await send("DELETE", at(id, query)), 204);
    const again = await expectJson(await send("PUT", at(id)), 201);
    expect(again).toMatchObject({ epoch, version: 1 });
    expect(await (await send("GET", at(id, "/state"))).json()).toEqual({ kept: true });
  });

  test("[R7, R8] DELETE?purge=true deletes everything, and the next start has a new epoch", async () => {
    const id = newId();
    const { epoch } = await expectJson(await send("PUT", at(id)), 201);
    await send("PUT", at(id, "/state"), { json: { kept: true } });
    await expectEmpty(await send("DELETE", at(id, "?purge=true")), 204);
    expect(await stored(id)).toEqual(nothingStored);
    const again = await expectJson(await send("PUT", at(id)), 201);
    expect(again).toMatchObject({ version: 0 });
    expect(again["epoch"]).not.toBe(epoch);
    expect(await (await send("GET", at(id, "/state"))).json()).toEqual({});
  });

  test("[R7, H7] DELETE?purge=true deletes what a stopped room has kept, and may be repeated", async () => {
    const id = newId();
    await send("PUT", at(id));
    await send("PUT", at(id, "/state"), { json: { kept: true } });
    await send("DELETE", at(id));
    await expectProblem(await send("DELETE", at(id)), 404, "room_not_running");
    await expectEmpty(await send("DELETE", at(id, "?purge=true")), 204);
    expect(await stored(id)).toEqual(nothingStored);
    await expectEmpty(await send("DELETE", at(id, "?purge=true")), 204);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test("[R4, H7] DELETE?purge=true of a room that never started gets 204 and leaves nothing behind", async () => {
    const id = newId();
    await expectEmpty(await send("DELETE", at(id, "?purge=true")), 204);
    expect(await stored(id)).toEqual(nothingStored);
    expect(await isListed(id)).toBe(false);
  });

  test.each(["?purge=", "?purge", "?purge=yes", "?purge=True", "?purge=1", "?purge=%zz"])(
    "[R7] DELETE%s is refused and stops nothing",
    async (query) => {
      const id = newId();
      await send("PUT", at(id));
      await expectProblem(await send("DELETE", at(id, query)), 400, "invalid_request");
      await expectJson(await send("GET", at(id)), 200);
    },
  );

  test("[R7, S8] DELETE gets 503 if the state cannot be saved, and the room keeps running", async () => {
    const id = newId();
    setScript(id, { saveRoomState: () => ({ error: "secret: disk full" }) });
    await send("PUT", at(id), { json: { behaviour: "saved" } });
    await send("PUT", at(id, "/state"), { json: { kept: true } });
    const response = await send("DELETE", at(id));
    expect(response.headers.get("retry-after")).toBe("1");
    await expectProblem(response, 503, "save_failed");
    const info = await expectJson(await send("GET", at(id)), 200);
    expect(info["save"]).toEqual({ status: "failing", error: "save_failed" });
    setScript(id, {});
  });
});
