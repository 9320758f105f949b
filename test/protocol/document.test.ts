// Clients are written against docs/PROTOCOL.md: its examples are the golden frames, its tables match the
// source, and it leaves out no message.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorTable } from "../../src/protocol/errors.ts";
import { subprotocol } from "../../src/protocol/messages.ts";
import { allScopes } from "../../src/protocol/scopes.ts";
import { generatedDocs } from "../../scripts/generated-docs.ts";
import { goldenFrames } from "../support/frames.ts";

const docs = join(import.meta.dirname, "../../docs");
const document = readFileSync(join(docs, "PROTOCOL.md"), "utf8");
const frames = [...goldenFrames("client"), ...goldenFrames("room")];

/** Each block of JSON: the frames that the comment above it names, and the messages in it. */
const blocks = [...document.matchAll(/(?:<!--([^>]*)-->\n)?```json\n(.*?)\n```/gs)].map(
  ([, names = "", text = ""]) => ({
    names: names.trim().split(/\s+/),
    // A message starts at the start of a line; continuation lines are indented.
    messages: text.split(/\n(?=\{)/).map((message): unknown => JSON.parse(message)),
  }),
);

const rowsOf = (heading: string): string[][] => {
  const [, section = ""] = document.split(`\n## ${heading}\n`);
  return [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (.*) \|$/gm)]
    .slice(1)
    .map(([, row = ""]) => row.split(" | "));
};

const inCode = (text = ""): string[] => [...text.matchAll(/`(.*?)`/g)].map(([, code = ""]) => code);

describe("the examples in PROTOCOL.md", () => {
  test.each(blocks)("[W3] match the golden frames: $names", ({ names, messages }) => {
    const golden = names.map((name) => frames.find((frame) => frame.name === name)?.json);
    // As text, because the documentation is easier to read if the order of members is always the same.
    expect(messages.map((message) => JSON.stringify(message))).toEqual(
      golden.map((json) => JSON.stringify(json)),
    );
  });

  test("[W3] include every message", () => {
    const typeOf = (message: unknown): string => (message as { type: string }).type;
    const shown = blocks.flatMap(({ messages }) => messages.map(typeOf));
    expect(new Set(shown)).toEqual(new Set(frames.map(({ json }) => typeOf(json))));
  });

  test("[W1] use the real subprotocol and scopes", () => {
    expect(document).toContain(`\`${subprotocol}\``);
    const named = new Set(document.match(/(room|presence):[a-z]+/g));
    expect(named).toEqual(new Set(allScopes));
  });
});

test("[W4] the table of close codes has all codes of the error table, and 1000 for a client that leaves", () => {
  const rows = rowsOf("Close codes").map(([close, reason]) => `${close} ${inCode(reason).join()}`);
  const closing = Object.entries(errorTable).flatMap(([code, row]) =>
    "close" in row ? [`${row.close} ${code}`] : [],
  );
  expect(rows).toEqual(["1000 left", ...closing.toSorted()]);
});

test("[L1] the table of limits has every limit in welcome", () => {
  const rows = rowsOf("Limits").flatMap(([limit]) => inCode(limit));
  const welcome = frames.find(({ name }) => name === "room/welcome")?.json as {
    limits: Record<string, number>;
  };
  expect(rows.toSorted()).toEqual(Object.keys(welcome.limits).toSorted());
});

test("[A6, L1] the table of limits uses codes of the error table", () => {
  const codes = rowsOf("Limits").flatMap(([, , past]) => inCode(past));
  expect(codes.length).toBeGreaterThan(0);
  expect(codes.filter((code) => !(code in errorTable))).toEqual([]);
});

test("every linked file exists", () => {
  const links = [...document.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = ""]) => path);
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((path) => !existsSync(join(docs, path)))).toEqual([]);
});

test("what is generated in docs/ is up to date; `npm run docs` writes it", () => {
  const read = (file: string): string => readFileSync(join(docs, file), "utf8");
  for (const [file, text] of generatedDocs(read)) expect(read(file)).toBe(text);
});
