// A time in short form: with the date only if it is not today.

export function shortTime(at: string, now: number): string {
  const time = new Date(at);
  if (time.toDateString() === new Date(now).toDateString())
    return time.toLocaleTimeString("en", { hourCycle: "h23" });
  return time.toLocaleString("en", {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}
