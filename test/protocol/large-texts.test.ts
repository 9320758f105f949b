// Edits of large texts: a few bytes of a patch must cost neither much work nor much memory, whoever has sent them.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { applyPatch } from "../../src/protocol/apply-patch.ts";
import type { Patch } from "../../src/protocol/json-patch.ts";
import { defaultLimits } from "../../src/protocol/limits.ts";
import { jsonBytes } from "../support/canonical-json.ts";

const noLimits = { stateBytes: Infinity, stateDepth: 64, patchOperations: Infinity };
const sized = (t: string) => ({ value: { t }, bytes: jsonBytes({ t }) });
const insertions = (count: number): Patch =>
  Array.from({ length: count }, () => ({ op: "str_ins", path: "/t", pos: 2, str: "a" }));
const large = "😀".repeat(200_000);

describe("a patch that edits a large text very often", () => {
  test("[L1] is refused, and has changed nothing", () => {
    const state = sized(large);
    expect(() => applyPatch(state, insertions(1000), defaultLimits)).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
    expect(state.value.t === large).toBe(true);
  });

  test("[L1] is taken if it edits it some times, or edits a small one", () => {
    const { value, bytes } = applyPatch(sized(large), insertions(20), defaultLimits);
    expect(bytes).toBe(jsonBytes(value));
    const small = "😀".repeat(2000);
    const { value: after } = applyPatch(sized(small), insertions(1000), defaultLimits);
    expect(after["t"]).toBe(`😀${"a".repeat(1000)}${small.slice(2)}`);
  });

  test("[S9] does not keep the text as it was before each edit", async () => {
    const source = new URL("../../src/protocol/apply-patch.ts", import.meta.url);
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(${JSON.stringify(source.href)}).then(({ applyPatch }) => {
        const { state, patch, limits } = workerData;
        const { value, bytes } = applyPatch(state, patch, limits);
        parentPort.postMessage({ length: value.t.length, bytes });
      });
    `;
    // What a room that wakes does with a row of its journal. 500 texts of 800 KB do not fit.
    const patch = Array.from({ length: 500 }, (_, index) =>
      index % 2 === 0
        ? { op: "str_ins", path: "/t", pos: 2, str: "a".repeat(20) }
        : { op: "str_del", path: "/t", pos: 2, len: 20 },
    );
    const worker = new Worker(code, {
      eval: true,
      workerData: { state: sized(large), patch, limits: noLimits },
      resourceLimits: { maxOldGenerationSizeMb: 96 },
    });
    const [message] = await once(worker, "message");
    expect(message).toEqual({ length: large.length, bytes: jsonBytes({ t: large }) });
  });

  test.each([
    { op: "remove", path: "/nothing" },
    { op: "test", path: "/t", value: "" },
  ] as const)("[S9] is taken back if $op fails", (failing) => {
    const state = sized(large);
    const deletion = { op: "str_del", path: "/t", pos: 2, len: 40 } as const;
    const insertion = { op: "str_ins", path: "/t", pos: 6, str: "\ud83d" } as const;
    const patch: Patch = [...insertions(3), deletion, insertion, ...insertions(2), failing];
    expect(() => applyPatch(state, patch, defaultLimits)).toThrow(
      expect.objectContaining({ code: "patch_failed" }),
    );
    expect(state.value.t === large).toBe(true);
    const { value, bytes } = applyPatch(state, insertions(1), defaultLimits);
    expect(bytes).toBe(jsonBytes(value));
  });
});
