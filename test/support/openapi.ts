// The OpenAPI document as tests use it: which operation a request is, and whether an answer is one that
// the document lists.

import { expect } from "vitest";

export type Operation = {
  readonly operationId: string;
  readonly parameters: readonly { in: string; name: string; required?: boolean }[];
  readonly requestBody?: {
    readonly description?: string;
    readonly required: boolean;
    readonly content: Record<string, Media>;
  };
  readonly responses: Record<string, { description: string; content?: Record<string, Media> }>;
};
type Media = { readonly schema: object };

export type Document = {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
};

export type Answer = {
  readonly method: string;
  readonly pathname: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
};

/** Where the document describes what a request asks for; `null` where there is nothing to ask for. */
export function findOperation(
  { paths }: Document,
  method: string,
  pathname: string,
): { path: string; method: string; operation: Operation } | null {
  const path = Object.keys(paths).find((template) =>
    new RegExp(`^${template.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(
      pathname,
    ),
  );
  const name = method === "HEAD" ? "get" : method.toLowerCase();
  const operation = path === undefined ? undefined : paths[path]?.[name];
  return path === undefined || operation === undefined ? null : { path, method: name, operation };
}

/** Hold an answer's status, media type and problem code to what the document lists. */
export function expectDocumented(document: Document, answer: Answer): void {
  const found = findOperation(document, answer.method, answer.pathname);
  if (found === null) return; // 404 and 405 are no operations
  const { operationId, responses } = found.operation;
  const type = answer.headers.get("content-type");
  const listed = responses[answer.status];
  expect(listed, `${operationId} lists no ${answer.status}: ${answer.text}`).toBeDefined();
  expect(listed?.content === undefined ? null : Object.keys(listed.content)[0]).toBe(type);
  if (type !== "application/problem+json" || answer.text === "") return;
  const { code } = JSON.parse(answer.text) as { code: string };
  expect(listed?.description, operationId).toContain(`\`${code}\``);
}
