// Server-sent events (the HTML standard, section 9.2) of the changes of a room, or of its frames. Browsers read them with
// `EventSource`, which comes back by itself and says with `Last-Event-ID` what it has.

import type { Identity } from "../protocol/identity.ts";
import type { ChangeReader } from "../cloudflare/change-reader.ts";
import type { StreamEvent } from "../model/observer.ts";

export const eventStreamType = "text/event-stream";

/** ms after which a client comes back. */
const retryAfter = 2000;
/** Bytes that the client takes at a time: so it shows that a slow one is getting on with a large event. */
const chunkBytes = 32 * 1024;
/**
 * ms between two comments, which keep proxies from closing a quiet connection. A client that takes nothing from
 * one to the next is let go: it may come back and resume.
 */
const keepAliveInterval = 20_000;

export const eventStreamHeaders = {
  "content-type": eventStreamType,
  "cache-control": "no-store",
  // nginx, and proxies that follow it, would otherwise hold events back.
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
} as const;

/**
 * A response with what a reader reads, as fast as the client takes it.
 * @param signal of the request: aborts when the client has gone. Without the compatibility flag
 * `enable_request_signal` it never does, and such a client is noticed by what it does not take
 */
export const eventStream = (
  reader: ChangeReader,
  signal: AbortSignal,
  headers: Record<string, string>,
): Response =>
  new Response(streamOf(reader, signal), { headers: { ...eventStreamHeaders, ...headers } });

function streamOf(reader: ChangeReader, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setInterval> | undefined;
  let hasTaken = true;
  /** What is left of an event. */
  let rest: Uint8Array = new Uint8Array();
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await reader.return();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(`retry: ${retryAfter}\n\n`));
      timer = setInterval(() => {
        // Between two chunks of an event a comment would be a part of it.
        if ((controller.desiredSize ?? 0) > 0 && rest.length === 0)
          controller.enqueue(encoder.encode(":\n\n"));
        else if (!hasTaken) void stop();
        hasTaken = false;
      }, keepAliveInterval);
      signal.addEventListener("abort", () => void stop());
      if (signal.aborted) void stop();
    },
    async pull(controller) {
      hasTaken = true;
      if (rest.length === 0) {
        const { done, value } = await reader.next();
        if (done) {
          clearInterval(timer);
          if (reader.end === "room_stopped") controller.enqueue(encoder.encode(stoppedText));
          return controller.close();
        }
        rest = encoder.encode(eventText(value));
      }
      controller.enqueue(rest.subarray(0, chunkBytes));
      rest = rest.subarray(chunkBytes);
    },
    cancel: stop,
  });
}

/** Without data an event would be dropped; without an id the client keeps the last one. */
const stoppedText = "event: stopped\ndata: {}\n\n";

const eventText = ({ kind, tag, data }: StreamEvent): string =>
  `${tag === "" ? "" : `id: ${tag}\n`}event: ${kind}\ndata: ${data}\n\n`;

/** The longest time that a signal takes, in ms: the client comes back, and resumes. */
const maxTimeout = 2 ** 31 - 1;

/** Aborts when the client has gone, and when what lets it follow ends. */
export function untilExpiry(signal: AbortSignal, { expiresAt }: Identity): AbortSignal {
  if (expiresAt === null || expiresAt === undefined) return signal;
  const left = Math.min(Math.max(0, expiresAt - Date.now()), maxTimeout);
  return AbortSignal.any([signal, AbortSignal.timeout(left)]);
}

/** Whether a client would rather have events than JSON (RFC 9110, section 12.5.1). JSON is for who says nothing. */
export function prefersEvents(accept: string | null): boolean {
  const ranges = (accept ?? "").toLowerCase().split(",").map(parseRange);
  const weightOf = (type: string): number =>
    ranges.find((range) => range.type === type)?.weight ?? 0;
  const events = weightOf(eventStreamType);
  return events > 0 && events >= weightOf("application/json");
}

function parseRange(text: string): { type: string; weight: number } {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
}
