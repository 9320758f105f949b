// Sizes, times and numbers in human-readable form.

import { useEffect, useState } from "react";

const whole = new Intl.NumberFormat("en");

export const count = (value: number): string => whole.format(value);

/** "1 person", "2 people". */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(2)} MiB`;
}

/** "8 s", "3 min", "2 h 5 min", "4 d". */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return withRest(minutes, "min", minutes < 10 ? seconds % 60 : 0, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return withRest(hours, "h", minutes % 60, "min");
  return withRest(Math.floor(hours / 24), "d", hours % 24, "h");
}

const withRest = (value: number, unit: string, rest: number, smaller: string): string =>
  rest === 0 ? `${value} ${unit}` : `${value} ${unit} ${rest} ${smaller}`;

export const timeText = (at: string | number): string =>
  new Date(at).toLocaleTimeString("en", { hour12: false });

export const momentText = (at: string | number): string =>
  new Date(at).toLocaleString("en", { dateStyle: "medium", timeStyle: "medium", hour12: false });

/** The current time, updated every second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** How long ago something happened. */
export function Ago({ at }: { at: string }) {
  const past = useNow() - Date.parse(at);
  return (
    <time dateTime={at} title={momentText(at)}>
      {past < 1500 ? "just now" : `${durationText(past)} ago`}
    </time>
  );
}

/** How long it is until something happens. */
export function Until({ at }: { at: string }) {
  const left = Date.parse(at) - useNow();
  return (
    <time dateTime={at} title={momentText(at)}>
      {left < 500 ? "now" : `in ${durationText(left)}`}
    </time>
  );
}
