// Requests to the fixture's app wherever it runs, each answer held to what the OpenAPI document says of it;
// and what every problem must look like.

import type { CollabEnv } from "collab-room";
import { expect } from "vitest";
import { collab } from "../fixtures/worker.ts";
import { expectDocumented, type Document } from "./openapi.ts";

const described = await collab.app.request("/openapi.json");
const document = await described.json<Document>();

export type Sent = {
  /** A value to send as JSON, with a content type that says so unless `type` says otherwise. */
  readonly json?: unknown;
  readonly body?: BodyInit;
  /** Content type. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bindings that differ from the fixture's. */
  readonly env?: { readonly [Name in keyof CollabEnv]?: CollabEnv[Name] | undefined };
};

/** Send a request to the app. The path goes out as it is: encode it yourself. */
export type Send = (method: string, path: string, sent?: Sent) => Promise<Response>;

/** @param env the bindings */
export const createSend =
  (env: CollabEnv): Send =>
  async (method: string, path: string, sent: Sent = {}) => {
    const { json, body = json === undefined ? null : JSON.stringify(json) } = sent;
    const type = sent.type ?? (json === undefined ? undefined : "application/json");
    const headers = { ...(type !== undefined && { "content-type": type }), ...sent.headers };
    const request = new Request(`https://rooms.test${path}`, { method, headers, body });
    const response = await collab.app.fetch(request, { ...env, ...sent.env });
    const { status, headers: answered } = response;
    const text = await response.clone().text();
    const { pathname } = new URL(request.url);
    expectDocumented(document, { method, pathname, status, headers: answered, text });
    return response;
  };

/** A room's address. */
export const at = (roomId: string, rest = ""): string =>
  `/rooms/${encodeURIComponent(roomId)}${rest}`;

export type ProblemBody = {
  readonly detail?: string;
  readonly reason?: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  readonly instance?: string;
};

/**
 * Hold a response to the shape of a problem (RFC 9457), and to saying nothing that is nobody's business.
 * @returns its body
 */
export async function expectProblem(
  response: Response,
  status: number,
  code: string,
): Promise<ProblemBody> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({
    status,
    text: expect.stringContaining(`"code":"${code}"`),
  });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  const { type, title, status: said, code: named, ...rest } = JSON.parse(text);
  expect({ type, said, named }).toEqual({
    type: `urn:collab-room:${code}`,
    said: status,
    named: code,
  });
  expect(title).toMatch(/^[A-Z].*\.$/);
  const { detail: _, reason: __, issues: ___, retryAfter: ____, instance, ...unknown } = rest;
  expect(unknown).toEqual({});
  if (instance !== undefined) expect(instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
  // The fixture's hooks throw errors with this word; a stack has lines such as "at x (y.ts:1:2)".
  expect(text.replaceAll("AUTH_SECRET", "")).not.toMatch(
    /secret|\bat \S+ \(|\.[cm]?[jt]s:\d|node_modules/i,
  );
  return rest as ProblemBody;
}

/** Hold a response to a status, and give its JSON. */
export async function expectJson<T = Record<string, unknown>>(
  response: Response,
  status: number,
): Promise<T> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  expect(response.headers.get("content-type")).toBe("application/json");
  return JSON.parse(text) as T;
}

/** Hold a response to a status with nothing in its body. */
export async function expectEmpty(response: Response, status: number): Promise<void> {
  const text = await response.text();
  expect({ status: response.status, text }).toEqual({ status, text: "" });
}

/** The version in a response's entity tag, which is `"<epoch>.<version>"` (rule E8). */
export const taggedVersion = (response: Response): number => Number(tagOf(response)[1]);

/** The epoch in a response's entity tag. */
export const taggedEpoch = (response: Response): string => tagOf(response)[0];

function tagOf(response: Response): readonly [epoch: string, version: string] {
  const tag = response.headers.get("etag") ?? "none";
  expect(tag).toMatch(/^"[0-9a-f-]{36}\.(0|[1-9]\d*)"$/);
  const [epoch = "", version = ""] = tag.slice(1, -1).split(".");
  return [epoch, version];
}
