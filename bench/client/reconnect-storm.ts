// A thousand clients lose their line in one moment, miss some changes, and come back all at once: first
// saying from where they go on, then, dropped again, as if they knew nothing.

import { Crew } from "./crew.ts";
import type { Resume, Target } from "./dialects.ts";
import { itemCount } from "./updates.ts";

export type StormOptions = {
  readonly target: Target;
  readonly sockets: number;
  /** Changes made while all are away. */
  readonly missed: number;
};

export type Return = {
  /** From the first attempt until all have their welcome. */
  readonly seconds: number;
  /** What came over the wire, handshakes too, until then. */
  readonly megabytes: number;
  /** Clients that got a patch; the others got the whole state. */
  readonly resumed: number;
};

export type StormResult = { readonly resuming: Return; readonly anew: Return };

export async function storm({ target, sockets, missed }: StormOptions): Promise<StormResult> {
  const crew = await Crew.join(target, { sockets });
  const [first] = crew.members;
  if (first === undefined) throw new Error("a storm needs sockets");
  const resume: Resume = { since: first.version, epoch: first.epoch };
  crew.drop();
  await changeState(target, missed);
  const back = await comeBack(target, sockets, resume);
  back.crew.drop();
  await changeState(target, missed);
  const again = await comeBack(target, sockets);
  await again.crew.leave();
  return { resuming: back.figures, anew: again.figures };
}

async function comeBack(
  target: Target,
  sockets: number,
  resume?: Resume,
): Promise<{ crew: Crew; figures: Return }> {
  const start = performance.now();
  const crew = await Crew.join(target, { sockets, atOnce: sockets, ...(resume && { resume }) });
  const figures = {
    seconds: (performance.now() - start) / 1000,
    megabytes: crew.bytesReceived / 1e6,
    resumed: crew.members.filter(({ resumed }) => resumed).length,
  };
  return { crew, figures };
}

async function changeState({ url, room }: Target, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const answer = await fetch(new URL(`/rooms/${room}/state`, url), {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ items: { [`k${n % itemCount}`]: `missed ${performance.now()}` } }),
    });
    if (!answer.ok) throw new Error(`PATCH state: ${answer.status} ${await answer.text()}`);
  }
}
