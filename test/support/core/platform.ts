// The platform in Node: rooms' objects and the directory's shards by name, as the bindings of an app. An object
// belongs to the test that names it first, and is gone after it.

import { onTestFinished } from "vitest";
import { resolveBehaviours } from "../../../src/behaviours/resolve.ts";
import type { CollabEnv } from "../../../src/cloudflare/env.ts";
import { behaviours } from "../../fixtures/behaviours.ts";
import { TestShard } from "./directory.ts";
import { TestObject } from "./object.ts";
import { allowUpgrades } from "./upgrade-response.ts";

export class TestPlatform {
  readonly #objects = new Map<string, TestObject>();
  readonly #shards = new Map<string, TestShard>();
  readonly #behaviours = resolveBehaviours(behaviours);

  /** The bindings of the fixture's app. */
  readonly env = {
    ROOMS: { getByName: (id: string) => this.object(id) },
    DIRECTORY: { getByName: (name: string) => this.#shard(name) },
    DIRECTORY_SHARDS: 4,
    AUTH_MODE: "open",
  } as unknown as CollabEnv; // of the bindings' methods the library calls these alone

  /** A room's object. */
  object(id: string): TestObject {
    const known = this.#objects.get(id);
    if (known !== undefined) return known;
    const object = new TestObject(id, this.env, this.#behaviours);
    this.#objects.set(id, object);
    onTestFinished(() => {
      this.#objects.delete(id);
      object.retire();
      for (const shard of this.#shards.values()) shard.forget(id);
    });
    return object;
  }

  #shard(name: string): TestShard {
    const shard = this.#shards.get(name) ?? new TestShard(name);
    this.#shards.set(name, shard);
    return shard;
  }
}

allowUpgrades();

export const platform = new TestPlatform();
