// A Date that tests move by hand; it reaches the objects too. It starts at the real time and only goes
// ahead, so that alarms set by it lie in the real future and ring only when a test rings them.

import { afterEach, beforeEach, vi } from "vitest";

/** For a whole file: every test begins with a Date that stands still. */
export function useFakeDate(): void {
  beforeEach(() => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(now);
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Let this many ms pass. */
export const pass = (ms: number): void => {
  vi.setSystemTime(Date.now() + ms);
};

/** Let time pass until then, epoch ms or ISO 8601. */
export const passUntil = (time: number | string): void => {
  vi.setSystemTime(time);
};

/** Now as ISO 8601. */
export const isoNow = (): string => new Date().toISOString();
