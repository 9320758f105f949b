// Prevents a hook that hangs from blocking the room again and again (rule B6). After two time-outs in a row,
// further calls fail at once. From time to time, one call is let through to check whether the hook has recovered.
//
//   closed ──2 time-outs──▶ open ──delay has passed──▶ one probe ──success──▶ closed
//                             ▲                             │
//                             └────── time-out, delay doubled

const tolerated = 2;
const maxDelay = 60_000;

type State =
  | { readonly kind: "closed"; readonly timeouts: number }
  | { readonly kind: "open"; readonly probeAt: number; readonly delay: number }
  | { readonly kind: "probing"; readonly delay: number };

export class CircuitBreaker {
  #state: State = { kind: "closed", timeouts: 0 };

  /** Whether a call may be made now (epoch ms). If so, its outcome must be reported. */
  allow(now: number): boolean {
    const state = this.#state;
    switch (state.kind) {
      case "closed":
        return true;
      case "probing":
        return false;
      case "open":
        if (now < state.probeAt) return false;
        this.#state = { kind: "probing", delay: state.delay };
        return true;
      default:
        return state satisfies never;
    }
  }

  /** Report that a call has ended in time. */
  answered(): void {
    this.#state = { kind: "closed", timeouts: 0 };
  }

  /** Report that a call has timed out. @param timeout its time limit in ms, which is also the first delay */
  timedOut(now: number, timeout: number): void {
    const state = this.#state;
    if (state.kind === "closed" && state.timeouts + 1 < tolerated) {
      this.#state = { kind: "closed", timeouts: state.timeouts + 1 };
      return;
    }
    const delay = Math.min(state.kind === "closed" ? timeout : 2 * state.delay, maxDelay);
    this.#state = { kind: "open", probeAt: now + delay, delay };
  }
}
