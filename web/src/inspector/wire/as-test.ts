// Generates a test for the testing kit from frames: what the clients sent, in order, on the state the room had when the
// trace started.

import type { JsonObject, JsonValue, Patch } from "collab-room/protocol";
import type { WireEntry } from "./entry.ts";

type Sent = {
  readonly type: string;
  readonly patch?: Patch;
  readonly merge?: JsonObject;
  readonly name?: string;
  readonly payload?: JsonValue;
  readonly data?: JsonObject;
  readonly event?: string;
};

export function asTest(
  behaviour: string,
  room: string,
  state: JsonObject,
  entries: readonly WireEntry[],
): string {
  const names = new Map<string, string>();
  const lines: string[] = [];
  const nameOf = (user: string): string => {
    const known = names.get(user);
    if (known !== undefined) return known;
    const name = `person${names.size + 1}`;
    names.set(user, name);
    return name;
  };
  for (const entry of entries) {
    if (entry.kind === "dropped") lines.push(`// ${entry.frames} frames are missing here.`);
    if (entry.kind !== "frame" || entry.direction !== "in") continue;
    const messages = entry.isCut || entry.text === null ? null : read(entry.text);
    if (messages === null) {
      lines.push(
        `// A frame of ${entry.bytes} bytes from ${text(entry.user)} was not captured in full.`,
      );
      continue;
    }
    for (const message of messages) {
      const line = lineOf(message, nameOf(entry.user));
      if (line === null) continue;
      lines.push(line, "await net.settle();");
    }
  }
  const joins = [...names].map(([user, name]) => {
    // State changes are made through the room, so not every person is used again.
    const isUsed = lines.some((line) => line.includes(`${name}.`));
    return `${isUsed ? `const ${name} = ` : ""}net.join(${text(user)});`;
  });
  const steps = [...joins, "await net.settle();", ...lines];
  const used = helpers.filter(({ name }) => lines.some((line) => line.includes(`${name}(`)));
  const imported = used.flatMap(({ imports }) => imports);
  // The name of a behaviour can be any text, and `default` is a reserved word.
  const isName = /^[a-z_$][\w$]*$/i.test(behaviour) && behaviour !== "default";
  const kind = isName ? behaviour : "behaviour";
  return [
    ...(used.length > 0 ? [`import { ${imported.join(", ")} } from "collab-room/protocol";`] : []),
    'import { createTestRoom } from "collab-room/testing";',
    'import { expect, test } from "vitest";',
    `import { ${kind} } from ${text(`./${behaviour}.ts`)};`,
    ...used.flatMap(({ code }) => (code === "" ? [] : [`\n${code}`])),
    "",
    `test(${text(`what happened in ${room}`)}, async () => {`,
    `  const net = createTestRoom(${kind});`,
    "  await net.start();",
    `  await net.room.updateState(() => (${indented(literal(state, 2))}));`,
    ...steps.map((line) => `  ${line}`),
    "  expect(net.state).toMatchInlineSnapshot();",
    "});",
    "",
  ].join("\n");
}

const text = (value: string): string => literal(value);
const json = (value: unknown): string => indented(literal(value ?? null));
const indented = (lines: string): string => lines.replaceAll("\n", "\n  ");

/**
 * A value as a literal in code. JSON does not escape U+2028 and U+2029, which end a line: after them, the rest of a
 * comment would be code. And a `__proto__` member in a literal would set the prototype instead.
 */
const literal = (value: unknown, indent = 0): string =>
  JSON.stringify(value, null, indent)
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
    .replaceAll(/(?<=[{,\s])"__proto__":/g, '["__proto__"]:');

/** Helpers that the generated statements may use. */
const helpers = [
  {
    name: "patched",
    imports: ["applyPatch", "defaultLimits", "measure", "type Patch"],
    code: `const patched = (state: object, patch: Patch) => {
  const value = structuredClone(state) as never;
  const { bytes } = measure(value, defaultLimits.stateDepth);
  return applyPatch({ value, bytes }, patch, defaultLimits).value as never;
};`,
  },
  {
    name: "mergePatch",
    imports: ["mergePatch"],
    code: "",
  },
];

function read(frame: string): readonly Sent[] | null {
  try {
    const value = JSON.parse(frame) as Sent | Sent[];
    return Array.isArray(value) ? value : [value];
  } catch {
    return null;
  }
}

/** The statement for a message; `null` if the message has no effect on others. */
function lineOf(message: Sent, name: string): string | null {
  switch (message.type) {
    case "update":
      return message.patch
        ? `await net.room.updateState((state) => patched(state, ${json(message.patch)}));`
        : `await net.room.updateState((state) => mergePatch(state as never, ${json(message.merge)}) as never);`;
    case "action":
      return `await net.settle(${name}.action(${text(message.name ?? "")}, ${json(message.payload ?? {})}));`;
    case "presence":
      return `${name}.setPresence(${json(message.data)});`;
    case "broadcast":
      return `void ${name}.broadcast(${text(message.event ?? "")}, ${json(message.payload)});`;
    case "leave":
      return `${name}.leave();`;
    default:
      return null;
  }
}
