// Behaviours are checked when the Worker loads. What is wrong is refused by name, because a misspelt setting
// would silently have no effect.

import { describe, expect, test } from "vitest";
import * as z from "zod";
import { action } from "../../src/behaviours/define.ts";
import type { RoomBehaviour } from "../../src/behaviours/behaviour.ts";
import { resolveBehaviour } from "../../src/behaviours/resolve.ts";
import { maxDuration } from "../../src/model/duration.ts";

const resolve = (behaviour: unknown) => resolveBehaviour("poll", behaviour as RoomBehaviour);

describe("the settings of saving", () => {
  test("[S8] are filled in", () => {
    expect(resolve({}).save).toEqual({ debounce: 0, maxWait: 0 });
    expect(resolve({ save: {} }).save).toEqual({ debounce: 0, maxWait: 0 });
    expect(resolve({ save: { debounce: 20 } }).save).toEqual({ debounce: 20, maxWait: 200 });
    expect(resolve({ save: { maxWait: 5 } }).save).toEqual({ debounce: 0, maxWait: 5 });
    expect(resolve({ save: { debounce: maxDuration } }).save).toEqual({
      debounce: maxDuration,
      maxWait: maxDuration,
    });
  });

  test.each([
    [{ debounse: 100 }, '"save.debounse" is not a setting, use save.debounce, save.maxWait'],
    [null, "save must be an object, got null"],
    [100, "save must be an object, got 100"],
    [[], "save must be an object, got an array of 0 items"],
    [{ debounce: Symbol("x") }, "save.debounce must be a whole number from 0 to"],
  ])("[S8] are refused if they are %j", (save, text) => {
    expect(() => resolve({ save })).toThrow(`behaviour "poll": ${text}`);
  });
});

describe("actions", () => {
  const schema = z.unknown();
  const run = () => ({});

  test("[S7] are what `action` makes, or the same written by hand", () => {
    const actions = { made: action(schema, run), written: { schema, run } };
    expect(Object.keys(resolve({ actions }).actions)).toEqual(["made", "written"]);
  });

  test("[S7] may have a schema that is a function", () => {
    const callable = Object.assign(() => {}, { "~standard": schema["~standard"] });
    expect(resolve({ actions: { a: { schema: callable, run } } }).actions).toHaveProperty("a");
  });

  test.each([null, 1, [], "rename"])("[S7] are refused if they are %j", (actions) => {
    expect(() => resolve({ actions })).toThrow('behaviour "poll": actions must be an object, got ');
  });

  test.each([
    ["nothing", undefined],
    ["a plain function", run],
    ["without a schema", { run }],
    ["with null for a schema", { schema: null, run }],
    ["with a schema of another kind", { schema: { type: "object" }, run }],
    ["with a schema that validates nothing", { schema: { "~standard": {} }, run }],
    ["without a function", { schema }],
    ["with a misspelt function", { schema, rum: run }],
  ])("[S7] are refused by name if one is %s", (_, rename) => {
    expect(() => resolve({ actions: { fine: { schema, run }, rename } })).toThrow(
      'behaviour "poll": actions.rename must be made by action(schema, run), got ',
    );
  });
});

describe("other settings", () => {
  test.each([
    [{ saveState: () => {} }, '"saveState" is not a setting, use onJoin, onLeave, '],
    [{ onJoin: "yes" }, "onJoin must be a function, got a string of 3 characters"],
    [{ limits: null }, "limits must be an object, got null"],
    [{ limits: { stateByte: 1 } }, "limits.stateByte does not exist"],
  ])("[R2] are refused if they are %j", (behaviour, text) => {
    expect(() => resolve(behaviour)).toThrow(`behaviour "poll": ${text}`);
  });

  test.each([null, 1, []])("[R2] are refused if the behaviour is %j", (behaviour) => {
    expect(() => resolve(behaviour)).toThrow('behaviour "poll" must be an object, got ');
  });
});
