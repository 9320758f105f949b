// Conditional requests (RFC 9110, section 13): what `If-Match` and `If-None-Match` do on every unsafe route,
// and the entity tag that they are compared with. Reading the state with conditions is in state.test.ts.

import { describe, expect, test } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { callsOf, setScript } from "../fixtures/scripts.ts";
import {
  at,
  expectEmpty,
  expectJson,
  expectProblem,
  send,
  taggedVersion,
  type Sent,
} from "../support/http.ts";
import { newId, nothingStored, rooms, stored } from "../support/rooms.ts";

const stateOf = (id: string): string => at(id, "/state");

/** A running room whose state is at version 1. */
async function start(behaviour = "scripted"): Promise<string> {
  const id = newId();
  await send("PUT", at(id), { json: { behaviour } });
  await expectJson(await send("PUT", stateOf(id), { json: { title: "one" } }), 200);
  return id;
}

const epochOf = async (id: string): Promise<string> =>
  String((await expectJson(await send("GET", at(id)), 200))["epoch"]);

/** Entity tags of a room: `E` stands for its epoch. */
const tagsOf = async (id: string, tags: string): Promise<string> =>
  tags.replaceAll("E", await epochOf(id));

const merge: Sent = { body: '{"title":"two"}', type: "application/merge-patch+json" };
const patch: Sent = {
  body: '[{"op":"add","path":"/title","value":"two"}]',
  type: "application/json-patch+json",
};

/** Requests that depend on the state's tag, and their results on version 1. */
const conditional: [string, string, string, Sent, number][] = [
  ["PUT /state", "PUT", "/state", { json: { title: "two" } }, 200],
  ["PATCH /state with a merge patch", "PATCH", "/state", merge, 200],
  ["PATCH /state with a JSON patch", "PATCH", "/state", patch, 200],
  ["POST /actions/rename", "POST", "/actions/rename", { json: { title: "two" } }, 200],
  ["DELETE", "DELETE", "", {}, 204],
  ["DELETE ?purge=true", "DELETE", "?purge=true", {}, 204],
];

describe.each(conditional)("%s", (_, method, rest, sent, success) => {
  const ask = async (id: string, headers: Record<string, string>): Promise<Response> =>
    send(method, at(id, rest), { ...sent, headers });

  const expectUntouched = async (id: string): Promise<void> => {
    const response = await send("GET", stateOf(id));
    expect(await expectJson(response, 200)).toEqual({ title: "one" });
    expect(taggedVersion(response)).toBe(1);
  };

  test.each(['"E.1"', "*", " * ", '"E.0", "E.1"', '"E.0","E.1"', 'W/"E.0" , "E.1"', ',, "E.1",'])(
    "[H1, S6] succeeds with If-Match: %s at version 1",
    async (tags) => {
      const id = await start();
      const response = await ask(id, { "if-match": await tagsOf(id, tags) });
      expect(response.status).toBe(success);
      if (success === 200) expect(taggedVersion(response)).toBe(2);
    },
  );

  test.each([
    '"E.0"',
    '"E.2"',
    '"1"',
    '"other.1"',
    'W/"E.1"',
    'W/"E.1", "E.2"',
    '"E.01"',
    '""',
    '"*"',
  ])("[H1, S6, E8] is refused with If-Match: %s at version 1", async (tags) => {
    const id = await start();
    const response = await ask(id, { "if-match": await tagsOf(id, tags) });
    const { detail } = await expectProblem(response, 412, "version_conflict");
    expect(detail).toBe(
      `The state has the entity tag "${await epochOf(id)}.1", which If-Match does not list. Read it again before you retry.`,
    );
    await expectUntouched(id);
  });

  test.each(["*", " *", '"E.1"', 'W/"E.1"', '"E.0", "E.1"'])(
    "[H1] is refused with If-None-Match: %s at version 1",
    async (tags) => {
      const id = await start();
      const response = await ask(id, { "if-none-match": await tagsOf(id, tags) });
      const { detail } = await expectProblem(response, 412, "version_conflict");
      expect(detail).toBe(
        `The state has the entity tag "${await epochOf(id)}.1", which If-None-Match rules out.`,
      );
      await expectUntouched(id);
    },
  );

  test.each(['"E.0"', '"E.2"', '"1"', '"other.1"', '"*"'])(
    "[H1] succeeds with If-None-Match: %s at version 1",
    async (tags) => {
      const id = await start();
      const response = await ask(id, { "if-none-match": await tagsOf(id, tags) });
      expect(response.status).toBe(success);
    },
  );

  test("[H1] needs both conditions to hold", async () => {
    const id = await start();
    const [current, old] = [await tagsOf(id, '"E.1"'), await tagsOf(id, '"E.0"')];
    for (const [ifMatch, ifNoneMatch] of [
      [current, current],
      [old, old],
      [old, current],
    ] as const) {
      const response = await ask(id, { "if-match": ifMatch, "if-none-match": ifNoneMatch });
      await expectProblem(response, 412, "version_conflict");
    }
    await expectUntouched(id);
    const response = await ask(id, { "if-match": current, "if-none-match": old });
    expect(response.status).toBe(success);
  });

  test.each([
    "1",
    'w/"E.1"',
    'W/ "E.1"',
    '"E.1',
    'E.1"',
    'x"E.1"',
    '"E.1"x',
    '"E.1" "E.2"',
    '"E.1", x',
    '*, "E.1"',
    "",
    ",",
    "no tag",
  ])("[H1] with a condition that is not a list of entity tags gets 400: %s", async (tags) => {
    const id = await start();
    for (const [name, header] of [
      ["if-match", "If-Match"],
      ["if-none-match", "If-None-Match"],
    ] as const) {
      const response = await ask(id, { [name]: await tagsOf(id, tags) });
      const { detail } = await expectProblem(response, 400, "invalid_request");
      expect(detail).toBe(
        `${header} must be * or entity tags in quotes, such as "<epoch>.<version>".`,
      );
    }
    await expectUntouched(id);
  });

  test("[H1] ignores conditions on dates, because the state has none", async () => {
    const id = await start();
    const past = "Mon, 01 Jan 1990 00:00:00 GMT";
    const response = await ask(id, { "if-unmodified-since": past, "if-modified-since": past });
    expect(response.status).toBe(success);
  });

  test("[H1] succeeds for only one of two requests with the same tag", async () => {
    const id = await start();
    const headers = { "if-match": await tagsOf(id, '"E.1"') };
    const other = send("PUT", stateOf(id), { json: { title: "three" }, headers });
    const both = await Promise.all([other, ask(id, headers)]);
    const statuses = both.map(({ status }) => status);
    // After a stop there is no room to change.
    expect([
      [200, 412],
      [412, success],
      [404, success],
    ]).toContainEqual(statuses);
  });

  test("[E8] is refused with a tag from before a purge, whatever the versions", async () => {
    const id = await start();
    const before = await tagsOf(id, '"E.1"');
    await expectEmpty(await send("DELETE", at(id, "?purge=true")), 204);
    await send("PUT", at(id), { json: { behaviour: "scripted" } });
    await expectJson(await send("PUT", stateOf(id), { json: { title: "one" } }), 200);
    await expectProblem(await ask(id, { "if-match": before }), 412, "version_conflict");
    const read = await send("GET", stateOf(id), { headers: { "if-none-match": before } });
    expect(await expectJson(read, 200)).toEqual({ title: "one" });
    await expectUntouched(id);
  });
});

describe("a condition", () => {
  test("[S6, H1] is checked before the change itself", async () => {
    const id = await start();
    const body = '[{"op":"remove","path":"/nothing"}]';
    const sent: Sent = { ...patch, body, headers: { "if-match": await tagsOf(id, '"E.5"') } };
    await expectProblem(await send("PATCH", stateOf(id), sent), 412, "version_conflict");
  });

  test("[H1] on an action is checked before the action runs", async () => {
    const id = await start();
    setScript(id, {
      play: () => {
        callsOf(id).push({ hook: "onJoin", user: "the action ran" });
      },
    });
    for (const headers of [{ "if-match": '"old.1"' }, { "if-none-match": "*" }])
      await expectProblem(
        await send("POST", at(id, "/actions/play"), { json: {}, headers }),
        412,
        "version_conflict",
      );
    expect(callsOf(id)).toEqual([]);
  });

  test("[H1] is ignored where the request fails without it", async () => {
    const id = await start();
    const headers = { "if-match": '"old.1"' };
    await expectProblem(
      await send("POST", at(id, "/actions/nobody-wrote-this"), { json: {}, headers }),
      404,
      "unknown_action",
    );
    const absent = newId();
    for (const tags of ["*", '"old.1"'])
      for (const [method, rest, sent] of [
        ["PUT", "/state", { json: {} }],
        ["PATCH", "/state", merge],
        ["POST", "/actions/rename", { json: {} }],
        ["DELETE", "", {}],
      ] as const)
        await expectProblem(
          await send(method, at(absent, rest), { ...sent, headers: { "if-match": tags } }),
          404,
          "room_not_running",
        );
    expect(await stored(absent)).toEqual(nothingStored);
  });

  test("[E8] with the tag of a stop that kept no state is refused", async () => {
    const id = await start("dropped");
    const before = await tagsOf(id, '"E.1"');
    await expectEmpty(await send("DELETE", at(id)), 204);
    await send("PUT", at(id), { json: { behaviour: "dropped" } });
    await expectJson(await send("PUT", stateOf(id), { json: { other: true } }), 200);
    const read = await send("GET", stateOf(id), { headers: { "if-none-match": before } });
    expect(await expectJson(read, 200)).toEqual({ other: true });
    const sent: Sent = { json: {}, headers: { "if-match": before } };
    await expectProblem(await send("PUT", stateOf(id), sent), 412, "version_conflict");
  });

  test("[E8] with the tag of a stop that kept the state still holds", async () => {
    const id = await start();
    const headers = { "if-match": await tagsOf(id, '"E.1"') };
    await expectEmpty(await send("DELETE", at(id)), 204);
    await send("PUT", at(id), { json: { behaviour: "scripted" } });
    await expectJson(await send("PUT", stateOf(id), { json: {}, headers }), 200);
  });

  test("[H1, R4] on a purge is compared with the stored state of a stopped room", async () => {
    const id = await start();
    const [current, old] = [await tagsOf(id, '"E.1"'), await tagsOf(id, '"E.0"')];
    await expectEmpty(await send("DELETE", at(id)), 204);
    const purge = (headers: Record<string, string>): Promise<Response> =>
      send("DELETE", at(id, "?purge=true"), { headers });
    await expectProblem(await purge({ "if-match": old }), 412, "version_conflict");
    await expectProblem(await purge({ "if-none-match": "*" }), 412, "version_conflict");
    await expectEmpty(await purge({ "if-match": current }), 204);
    expect(await stored(id)).toEqual(nothingStored);
    // There is no state any more.
    for (const tags of [current, "*"]) {
      const { detail } = await expectProblem(
        await purge({ "if-match": tags }),
        412,
        "version_conflict",
      );
      expect(detail).toBe("There is no state, so no entity tag matches If-Match.");
    }
    await expectEmpty(await purge({ "if-none-match": "*" }), 204);
    expect(await stored(id)).toEqual(nothingStored);
  });

  test("[H1] If-Match on a read is refused unless it names the state's tag", async () => {
    const id = await start();
    for (const method of ["GET", "HEAD"]) {
      const wrong = await send(method, stateOf(id), { headers: { "if-match": '"old.1"' } });
      expect(wrong.status).toBe(412);
      const headers = { "if-match": await tagsOf(id, '"E.1"') };
      expect((await send(method, stateOf(id), { headers })).status).toBe(200);
    }
  });
});

describe("a route without an entity tag", () => {
  const refusing: [string, string, Sent][] = [
    ["PUT", "", { json: {} }],
    ["POST", "/users", { json: { id: "eve" } }],
    ["PATCH", "/users/ada", { json: { scopes: [] } }],
    ["DELETE", "/users/ada", {}],
    ["PUT", "/presence/ada", { json: { data: {} } }],
    ["POST", "/broadcast", { json: { event: "wave" } }],
    ["POST", "/touch", { json: {} }],
  ];

  test("[H1] is every unsafe one that is not conditional", () => {
    const unsafe = collab.app.routes
      .filter(({ method }) => !["GET", "ALL"].includes(method))
      .map(({ method, path }) => `${method} ${path.replace("/rooms/:id", "")}`);
    const tested = [
      ...refusing.map(([method, rest]) => `${method} ${rest.replace("ada", ":userId")}`),
      ...conditional.map(([, method, rest]) => `${method} ${rest.replace("rename", ":name")}`),
    ].map((line) => line.replace("?purge=true", ""));
    expect(new Set(unsafe)).toEqual(new Set(tested));
  });

  test.each(refusing)("[H1] refuses a conditional %s %s", async (method, rest, sent) => {
    const id = await start();
    await rooms.room(id).join({ id: "ada" });
    const before = await rooms.room(id).info();
    for (const [header, value] of [
      ["If-Match", "*"],
      ["If-Match", '"old.1"'],
      ["If-None-Match", "*"],
      ["If-None-Match", "nonsense"],
    ] as const) {
      const response = await send(method, at(id, rest), { ...sent, headers: { [header]: value } });
      const { detail } = await expectProblem(response, 400, "invalid_request");
      expect(detail).toBe(
        `This request does not support ${header}, because only the state has an entity tag. Send it without the header.`,
      );
    }
    expect(await rooms.room(id).info()).toEqual(before);
    expect((await send(method, at(id, rest), sent)).ok).toBe(true);
  });
});
