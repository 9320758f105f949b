// Events that were sent, and who must have got them: every session that was open then and is to the end,
// once; never the sender's own, unless it asked (rule W5). Those whose fate nobody was told may be missing.

import type { TestSession } from "../session.ts";

type Sent = {
  readonly sender: TestSession | null;
  readonly echo: boolean;
  readonly open: readonly TestSession[];
  acknowledged: boolean;
};

export class Events {
  readonly #sent = new Map<string, Sent>();

  /** @param open the sessions that have been welcomed by now */
  send(payload: string, sender: TestSession | null, echo: boolean, open: TestSession[]): void {
    this.#sent.set(payload, { sender, echo, open, acknowledged: false });
  }

  acknowledged(payload: string): void {
    const sent = this.#sent.get(payload);
    if (sent) sent.acknowledged = true;
  }

  /** What does not fit, of one session. @param isOpen whether it still is */
  problems(session: TestSession, isOpen: boolean): string[] {
    const counts = new Map<string, number>();
    for (const message of session.messages)
      if (message.type === "event")
        counts.set(String(message.payload), (counts.get(String(message.payload)) ?? 0) + 1);
    const problems: string[] = [];
    for (const [payload, { sender, echo, open, acknowledged }] of this.#sent) {
      const times = counts.get(payload) ?? 0;
      const most = sender === session && !echo ? 0 : 1;
      const least = isOpen && acknowledged && open.includes(session) ? most : 0;
      if (times < least || times > most)
        problems.push(`${session.name} got the event ${payload} ${times} times, not ${most}`);
    }
    return problems;
  }
}
