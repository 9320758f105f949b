// Code for stored edits is loaded only by pages that use it.

import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../../scripts/size.ts";

test("importing the client does not load persist/", async () => {
  const { modules, text } = await bundle(join(import.meta.dirname, "../../../src"), [
    ["*", "client"],
  ]);
  expect(modules).toContain("client/room-client.ts");
  expect(modules.filter((path) => path.startsWith("client/persist/"))).toEqual([]);
  expect(text).not.toContain("createObjectStore");
  expect(text).toMatch(/import\("\.\/[^"]+"\)/);
});
