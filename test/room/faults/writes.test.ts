// Storage that fails, at any single write or at all writes until there is space again. What was answered with ok is
// stored, what was refused is not, nothing is done twice, and the room recovers by itself.

import { describe, expect, test } from "vitest";
import { passUntil, useFakeDate } from "../../support/fake-date.ts";
import { told } from "../../support/membership.ts";
import { messagesOf } from "../../support/session-helpers.ts";
import { steps, stopped, Story, type Step, type View } from "../../support/core/room-story.ts";
import { ring } from "../../support/core/rooms.ts";
import { runs } from "../../support/runs.ts";

useFakeDate();

/** The codes that callers and clients get when storage fails. */
const codes = ["internal", "commit_failed"];

const hour = 3_600_000;

/** The code of an error. The error of a refused socket has it in its text. */
function codeOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  return code ?? /"code":"(\w+)"/.exec(message.replaceAll("\\", ""))?.[1] ?? message;
}

/** The code that some work fails with, or `null` if it succeeds. */
const failureOf = (work: Promise<unknown>): Promise<string | null> => work.then(() => null, codeOf);

/** Take a step whose write may fail. @param view what everybody saw before @returns what everybody sees afterwards */
async function take(story: Story, step: Step, view: View): Promise<View> {
  const expected = { ...view, ...step.changes?.(view) };
  const refused = step.ask ? await failureOf(step.ask(story)) : null;
  if (refused !== null) {
    expect(codes).toContain(refused);
    expect(await story.view(), `${step.what}, refused`).toEqual(view);
    await step.ask?.(story);
  }
  if (step.passes !== undefined) await story.pass(step.passes, expected);
  expect(await story.view(), step.what).toEqual(expected);
  return expected;
}

/** Let time pass. The alarm rings whenever it is due. @returns how often it rang */
async function ringFor({ id, object }: Story, ms: number): Promise<number> {
  const end = Date.now() + ms;
  for (let rings = 0; ; rings++) {
    const { alarmAt } = object.atRest;
    if (alarmAt === null || alarmAt > end) {
      passUntil(end);
      return rings;
    }
    passUntil(Math.max(alarmAt, Date.now()));
    await ring(id);
  }
}

/** Check that nothing happened twice: `onLeave` was called once per user, and the session was welcomed once. */
function expectOnePath({ id, session }: Story): void {
  const left = told(id, "onLeave");
  expect(new Set(left).size).toBe(left.length);
  if (session) expect(messagesOf(session, "welcome")).toHaveLength(1);
}

/** Whether an alarm is set if any timer is pending. */
const isArmed = ({ object }: Story): boolean => {
  const { sql, alarmAt } = object.atRest;
  const [row] = sql.exec("SELECT count(*) AS n FROM sqlite_master WHERE name = 'timers'").toArray();
  if (row?.["n"] === 0) return true;
  return alarmAt !== null || sql.exec("SELECT 1 FROM timers").toArray().length === 0;
};

const behaviours = [
  { behaviour: "scripted", keepsState: true },
  { behaviour: "patient", keepsState: false },
] as const;

/** Every second write fails once. In quick local runs it is every fifth. */
const stride = runs(100) === 100 ? 2 : 5;

describe.for(behaviours)("a room of behaviour $behaviour", ({ behaviour, keepsState }) => {
  const all = steps(keepsState);

  test("[S4, R10, X1, X2, B5] keeps exactly what was answered with ok, whichever write fails", async () => {
    let writes = 0;
    for (let isThrough = false; !isThrough; writes += stride) {
      const story = new Story(behaviour);
      const faults = story.object.writes;
      faults.failAfter(writes);
      let view = stopped;
      for (const step of all) {
        view = await take(story, step, view);
        expect(isArmed(story), step.what).toBe(true);
      }
      isThrough = !faults.hasStruck;
      expectOnePath(story);
    }
    expect(writes).toBeGreaterThan(60);
  }, 120_000);

  test("[S4, R10, X1, X2, B5] still reads when its storage is full at each step, and completes the step once there is space", async () => {
    const story = new Story(behaviour);
    const faults = story.object.writes;
    let view = stopped;
    for (const step of all) {
      faults.fill();
      const refused = step.ask ? await failureOf(step.ask(story)) : null;
      if (refused !== null) {
        expect(codes).toContain(refused);
        expect(await story.view(), `${step.what}, refused`).toEqual(view);
      }
      faults.free();
      view = { ...view, ...step.changes?.(view) };
      if (refused !== null) await step.ask?.(story);
      if (step.passes !== undefined) await story.pass(step.passes, view);
      expect(await story.view(), step.what).toEqual(view);
    }
    expectOnePath(story);
  });

  test("[S4, T3, B5, S8] rings only occasionally while its storage is full for hours, and then catches up within minutes", async () => {
    const story = new Story(behaviour);
    const { room, object } = story;
    let view = stopped;
    for (const step of all.slice(
      0,
      all.findIndex(({ passes }) => passes !== undefined),
    ))
      view = await take(story, step, view);
    object.writes.fill();
    const rings = await ringFor(story, 3 * hour);
    // Each of the eight timers rings once in five minutes.
    expect(rings).toBeLessThan(3 * 12 * 8);

    expect(await story.view()).toEqual(view);
    object.writes.free();
    await ringFor(story, 600_000);
    const { users, names, log } = await story.view();
    expect({ users, names }).toEqual({ users: ["ada", "cyd", "dan"], names: { cyd: "Cyd" } });
    expect(log.slice(0, view.log.length + 1)).toEqual([...view.log, "action, later"]);
    expect(new Set(log).size).toBe(log.length);
    await room.updateState(() => ({ n: 1 }));
    expectOnePath(story);
  });
});
