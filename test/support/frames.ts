// The golden frames: one file a message, kinds and notable variants, as they go over the wire. Clients in
// other languages are written against them, and docs/PROTOCOL.md shows them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonValue } from "../../src/protocol/json.ts";

export const framesFolder = join(import.meta.dirname, "../protocol/frames");

export type Side = "client" | "room";

export type GoldenFrame = {
  readonly side: Side;
  /** `room/welcome` */
  readonly name: string;
  readonly text: string;
  readonly json: JsonValue;
};

/** All frames that a side sends. */
export const goldenFrames = (side: Side): GoldenFrame[] =>
  readdirSync(join(framesFolder, side))
    .toSorted()
    .map((file) => {
      const text = readFileSync(join(framesFolder, side, file), "utf8").trim();
      const name = `${side}/${file.replace(/\.json$/, "")}`;
      return { side, name, text, json: JSON.parse(text) as JsonValue };
    });
