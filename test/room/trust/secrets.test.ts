// Tokens and secrets are found only where they were sent to (rule A6): not in the storage, not in a socket attachment,
// not in the log, not in an answer, and not in another client's frames.

import { expect, test, vi } from "vitest";
import type { Grants } from "collab-room";
import { at } from "../../support/core/http.ts";
import { platform } from "../../support/core/platform.ts";
import { newId, rooms, sql } from "../../support/core/rooms.ts";
import { come, refused, sendAs } from "../../support/core/token-clients.ts";
import { expectFailed, expectOk } from "../../support/session.ts";
import { testToken } from "../../support/test-tokens.ts";
import { inSeconds, secret } from "../../support/tokens.ts";

/** The text of a token, which starts with its header or is the test's own. */
const tokens = /eyJ[\w-]+\.|token-of-a-test/;

/** Everything that a room has stored, as text. */
async function storedText(id: string): Promise<string> {
  const tables = await sql(id, "SELECT name FROM sqlite_master WHERE type = 'table'");
  const rows = await Promise.all(
    tables.map(({ name }) => sql(id, `SELECT * FROM ${String(name)}`)),
  );
  const values = rows.flat().flatMap((row) => Object.values(row));
  return values
    .map((value) =>
      value instanceof ArrayBuffer ? new TextDecoder().decode(value) : String(value),
    )
    .join("\n");
}

test("[A6, A1] tokens and secrets are in no storage, attachment, log line, answer or frame", async () => {
  const id = newId();
  await rooms.joinOrCreateRoom(id, { behaviour: "scripted" });
  const logged: string[] = [];
  for (const method of ["log", "info", "warn", "error"] as const)
    vi.spyOn(console, method).mockImplementation((...texts) => void logged.push(texts.join(" ")));
  const scopes: Grants = { "*": ["room:read", "room:write"] };
  const ada = await come(id, { scopes, exp: inSeconds(600) }, undefined, {
    query: { client: "tab-1" },
  });
  const bob = await come(id, { sub: "bob", scopes });
  const renewed = { user: { id: "ada" }, scopes, expiresAt: null, jti: "token-of-a-test" } as const;
  expectOk(await ada.ask({ type: "auth", token: testToken(renewed) }));
  expectFailed(await ada.ask({ type: "auth", token: "token-of-a-test" }), "invalid_token");
  expectOk(await ada.ask({ type: "update", merge: { a: 1 }, seq: 1 }));
  const answers: string[] = [];
  for (const [method, rest, json] of [
    ["POST", "/users", {}],
    ["POST", "/actions/fail", {}],
    ["PATCH", "/users/ada", { scopes: [] }],
    ["DELETE", "", undefined],
  ] as const) {
    const headers = { "idempotency-key": `key-${rest}` };
    const response = await sendAs({ scopes }, method, at(id, rest), { json, headers });
    answers.push(JSON.stringify([...response.headers]), await response.text());
  }
  answers.push(JSON.stringify(await refused(id, { scopes: {} })));
  answers.push(JSON.stringify(await refused(id, { exp: inSeconds(-600) })));

  const attachments: string[] = [];
  await platform.object(id).look(({ sockets }) => {
    for (const { attachment } of sockets)
      attachments.push(
        JSON.stringify(attachment, (_, value: unknown) =>
          value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
        ),
      );
  });
  const places = {
    stored: await storedText(id),
    attachments: attachments.join("\n"),
    logged: logged.join("\n"),
    answers: answers.join("\n"),
    frames: [...ada.frames, ...bob.frames].join("\n"),
  };
  for (const [place, text] of Object.entries(places)) {
    expect([place, text.length > 0]).toEqual([place, true]);
    expect([place, tokens.exec(text)?.[0]]).toEqual([place, undefined]);
    expect([place, text.includes(secret)]).toEqual([place, false]);
  }
});
