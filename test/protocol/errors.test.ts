// Clients depend on the error table: a change of a status, a close code or retryability shows here. Errors
// cross RPC as plain data and are the same on the other side.

import { describe, expect, test } from "vitest";
import {
  CollabError,
  errorTable,
  unwrap,
  type ErrorCode,
  type ErrorInfo,
} from "../../src/protocol/errors.ts";

type Row = { status: number; close?: number; retryable: boolean; text: string };
const rows = Object.entries(errorTable) as [ErrorCode, Row][];

describe("the error table", () => {
  test("has the status, close code and retryability of every code that clients rely on", () => {
    const wire = rows.map(([code, { status, close, retryable }]) =>
      [code, status, close, retryable ? "retryable" : ""].filter(Boolean).join(" "),
    );
    expect(wire.toSorted()).toMatchInlineSnapshot(`
      [
        "action_failed 500",
        "action_refused 409",
        "auth_not_configured 503",
        "auth_unavailable 503 retryable",
        "bad_message 400 4400",
        "base_too_old 409",
        "behaviour_conflict 409",
        "behaviour_missing 503",
        "call_timeout 504 retryable",
        "changes_gone 410",
        "client_taken 409",
        "commit_failed 503 retryable",
        "directory_unavailable 503 retryable",
        "forbidden 403 4003",
        "hook_failed 500",
        "hook_unavailable 503 retryable",
        "internal 500",
        "invalid_payload 422",
        "invalid_presence 400",
        "invalid_request 400",
        "invalid_room_id 400",
        "invalid_state 422",
        "invalid_token 401 4102",
        "invalid_user 400",
        "join_refused 403",
        "key_reused 422",
        "kicked 403 4001",
        "load_failed 503 retryable",
        "malformed 400",
        "method_not_allowed 405",
        "not_authorized 403 4000",
        "not_found 404",
        "origin_refused 403 4004",
        "patch_failed 409",
        "rate_limited 429 4290 retryable",
        "reentrant_call 409",
        "replaced 503 4203 retryable",
        "request_forgotten 409",
        "room_busy 503 retryable",
        "room_full 409 retryable",
        "room_not_running 404",
        "room_overloaded 503 retryable",
        "room_stopped 404 4002",
        "room_unavailable 503 retryable",
        "save_failed 503 retryable",
        "session_lost 503 4201 retryable",
        "silent 408 4202 retryable",
        "storage_too_new 503",
        "target_gone 409",
        "token_expired 401 4109",
        "token_required 401 4101",
        "too_large 413 4413",
        "too_slow 408 4291 retryable",
        "unknown_action 404",
        "unknown_behaviour 400",
        "unsupported_media_type 415",
        "update_failed 500",
        "upgrade_required 426",
        "user_not_found 404",
        "version_conflict 412",
      ]
    `);
  });

  test.each(rows)(
    "has an HTTP error status for %s, and a close code of this protocol if any",
    (_, row) => {
      expect(row.status).toBeGreaterThanOrEqual(400);
      expect(row.status).toBeLessThan(600);
      if (row.close !== undefined) expect(String(row.close)).toMatch(/^4[0124]\d\d$/);
    },
  );

  test.each(rows)("has one or two whole sentences for %s", (_, { text }) => {
    expect(text).toMatch(/^[A-Z][^.]*[^.\s](\.|\. [A-Z][^.]*\.)$/);
  });

  test.each(rows)("[A6] reveals nothing about the machine in the text of %s", (_, { text }) => {
    expect(text).not.toMatch(/[\\<>{}$]|\/\w|https?:|\bat \w+ \(|\bError\b|\.[jt]s\b|\bsql/i);
  });

  test("marks a client error as retryable only if it is about speed or space", () => {
    const retryable = rows.filter(([, { retryable: is, status }]) => is && status < 500);
    const codes = retryable.map(([code]) => code).toSorted();
    expect(codes).toEqual(["rate_limited", "room_full", "silent", "too_slow"]);
  });

  test("[W4] has close codes 42xx exactly for retryable errors", () => {
    const closing = rows.filter(([, { close }]) => close !== undefined);
    expect(closing.length).toBeGreaterThan(0);
    for (const [, { close, retryable }] of closing)
      expect(String(close).startsWith("42")).toBe(retryable);
    expect(new Set(closing.map(([, { close }]) => close)).size).toBe(closing.length);
  });
});

describe("a CollabError", () => {
  test.each(rows)(
    "of code %s has the status, text and retryability of the table",
    (code, { status, retryable, text }) => {
      const error = new CollabError(code);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: "CollabError", code, status, retryable, message: text });
      expect(error.info).toEqual({ code });
      expect(error.reason).toBeUndefined();
    },
  );

  test("carries its detail as message, its reason and its cause", () => {
    const cause = new Error("inner");
    const error = new CollabError(
      "join_refused",
      { detail: "Not you.", reason: "banned" },
      { cause },
    );
    expect(error).toMatchObject({ message: "Not you.", reason: "banned", cause });
    expect(error.info).toEqual({ code: "join_refused", detail: "Not you.", reason: "banned" });
  });

  test("[A6] keeps its stack and its cause off the wire", () => {
    const error = new CollabError(
      "internal",
      { instance: "req-1" },
      { cause: new Error("secret") },
    );
    expect(JSON.stringify(error.info)).toBe('{"code":"internal","instance":"req-1"}');
  });
});

describe("unwrap", () => {
  test.each([undefined, null, 0, "", false, { error: { code: "internal" } }, ["x"]])(
    "returns the value of an ok result, %#",
    (value) => {
      expect(unwrap({ ok: value })).toBe(value);
    },
  );

  test("throws the error of a failed result with all its details, as it crossed RPC", () => {
    const info: ErrorInfo = {
      code: "invalid_payload",
      detail: "Two things.",
      reason: "because",
      issues: [{ path: "/a", message: "is missing" }],
      instance: "req-2",
    };
    const failing = () => unwrap(structuredClone({ error: info }));
    expect(failing).toThrow(CollabError);
    expect(failing).toThrow(expect.objectContaining({ info, status: 422, message: "Two things." }));
  });
});
