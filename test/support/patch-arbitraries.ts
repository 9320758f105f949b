// Random documents with patches that fit them: each pointer is picked from the document as it stands
// by then, so that long patches get through; a few wild pointers and values make others fail.

import fc, { type Arbitrary } from "fast-check";
import type { JsonObject, JsonValue } from "../../src/protocol/json.ts";
import type { Operation, Patch } from "../../src/protocol/json-patch.ts";
import { commonKeys, jsonWithKeys } from "./json-arbitraries.ts";
import { documentsOnTheWay, locate } from "./json-patch-oracle.ts";

/** The operations of RFC 6902. */
type StandardOp = Exclude<Operation["op"], "inc" | "str_ins" | "str_del">;

export type PatchCase = { readonly doc: JsonObject; readonly patch: Patch };

const documents = jsonWithKeys(fc.constantFrom(...commonKeys, "toString", "é"));

/** What an operation shall do, before there is a document to do it to. */
type Intent = {
  readonly op: StandardOp;
  readonly path: number;
  readonly from: number;
  readonly key: string;
  readonly value: JsonValue;
  /** A pointer to use whether it fits or not. */
  readonly wild: string | null;
};

const escaped = (token: string): string => token.replaceAll("~", "~0").replaceAll("/", "~1");

const wildPointers = fc
  .array(fc.constantFrom(...commonKeys, "toString", "2", "1e0", "-1", "+1", " 1", "4294967296"), {
    maxLength: 4,
  })
  .map((tokens) => tokens.map((token) => `/${escaped(token)}`).join(""));

/** Documents and patches; with `wild: false` every operation of a patch succeeds. */
export function patchCases(
  options: { ops?: readonly StandardOp[]; wild?: boolean; maxLength?: number } = {},
): Arbitrary<PatchCase> {
  const ops = options.ops ?? ["add", "remove", "replace", "move", "copy", "test"];
  const wild = options.wild ?? true;
  const intents = fc.array(
    fc.record<Intent>({
      op: fc.constantFrom(...ops),
      path: fc.nat(),
      from: fc.nat(),
      key: fc.constantFrom(...commonKeys),
      value: documents.value,
      wild: fc.oneof(
        { weight: 12, arbitrary: fc.constant(null) },
        { weight: wild ? 1 : 0, arbitrary: wildPointers },
      ),
    }),
    { maxLength: options.maxLength ?? 12, size: "max" },
  );
  return fc
    .tuple(documents.object, intents)
    .map(([doc, wanted]) => ({ doc, patch: fitted(doc, wanted, wild) }));
}

function fitted(doc: JsonObject, intents: readonly Intent[], wild: boolean): Patch {
  let current: JsonValue = doc;
  const patch: Operation[] = [];
  for (const intent of intents) {
    const operation = fit(current, intent, wild);
    if (operation === null) continue;
    patch.push(operation);
    current = documentsOnTheWay(current, [operation]).at(-1)?.value ?? current;
  }
  return patch;
}

function fit(doc: JsonValue, intent: Intent, wild: boolean): Operation | null {
  const { value } = intent;
  const places = pointersOf(doc).filter((pointer) => wild || pointer !== "");
  const place = (pick: number): string => places[pick % places.length] ?? "";
  // A document that grows without end would take the oracle's time, not prove more.
  const op = places.length > 150 ? "remove" : intent.op;
  if (op === "add") return { op, path: intent.wild ?? roomIn(doc, intent.path, intent.key), value };
  if (places.length === 0) return null;
  switch (op) {
    case "remove":
      return { op, path: intent.wild ?? place(intent.path) };
    case "replace":
      return { op, path: intent.wild ?? place(intent.path), value };
    case "test": {
      const path = intent.wild ?? place(intent.path);
      const found = locate(doc, path);
      return {
        op,
        path,
        value: found === undefined || (wild && intent.from % 8 === 0) ? value : found,
      };
    }
    case "copy":
      return {
        op,
        from: place(intent.from),
        path: intent.wild ?? roomIn(doc, intent.path, intent.key),
      };
    case "move": {
      const from = place(intent.from);
      const rest = documentsOnTheWay(doc, [{ op: "remove", path: from }])[0]?.value ?? doc;
      const path = intent.wild ?? roomIn(rest, intent.path, intent.key);
      // What has moved up to the place of the moved value is no target: it would be a move into itself.
      return { op, from, path: !wild && path.startsWith(`${from}/`) ? from : path };
    }
    default:
      return op satisfies never;
  }
}

/** A pointer at which something may be added. */
function roomIn(doc: JsonValue, pick: number, key: string): string {
  const containers: [pointer: string, container: object][] = [];
  walk(doc, "", (pointer, value) => {
    if (typeof value === "object" && value !== null) containers.push([pointer, value]);
  });
  const [pointer, container] = containers[pick % containers.length] ?? [""];
  if (!Array.isArray(container)) return `${pointer}/${escaped(key)}`;
  return `${pointer}/${pick % 5 === 0 ? "-" : pick % (container.length + 1)}`;
}

/** Pointers to every value of a document, the document itself last. */
function pointersOf(doc: JsonValue): string[] {
  const pointers: string[] = [];
  walk(doc, "", (pointer) => pointers.push(pointer));
  return pointers;
}

/** Visit every value of a document, each after those within it. */
function walk(
  value: JsonValue,
  pointer: string,
  visit: (pointer: string, value: JsonValue) => void,
): void {
  if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value) as [string, JsonValue][])
      walk(item, `${pointer}/${escaped(key)}`, visit);
  visit(pointer, value);
}
