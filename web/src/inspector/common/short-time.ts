// A time in a line that has little room: with its day, if that is not today.

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
