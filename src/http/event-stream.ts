// Server-sent events (HTML standard, section 9.2) with a room's changes or its frames. Browsers read them with
// `EventSource`, which reconnects by itself and sends its position in `Last-Event-ID`.

import type { Identity } from "../protocol/identity.ts";
import type { ChangeReader } from "../cloudflare/change-reader.ts";
import type { StreamEvent } from "../model/observer.ts";

export const eventStreamType = "text/event-stream";

/** ms after which a client reconnects. */
const retryAfter = 2000;
/** Size of a chunk in bytes. Large events are sent in chunks, so that a slow client's progress is visible. */
const chunkBytes = 32 * 1024;
/**
 * ms between two comments, which keep proxies from closing an idle connection. A client that reads nothing in between
 * is disconnected. It can reconnect and resume.
 */
const keepAliveInterval = 20_000;

export const eventStreamHeaders = {
  "content-type": eventStreamType,
  "cache-control": "no-store",
  // Keeps nginx and compatible proxies from buffering events.
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
} as const;

/**
 * A response that streams a reader's events as fast as the client reads them.
 * @param signal aborts when the client disconnects. Without the compatibility flag `enable_request_signal`, the
 * request's own signal never does; the client is then noticed because it no longer reads
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
  /** The unsent rest of the current event. */
  let rest: Uint8Array = new Uint8Array();
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await reader.return();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(`retry: ${retryAfter}\n\n`));
      timer = setInterval(() => {
        // Between two chunks of an event, a comment would become part of the event.
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

/** An event without data would be ignored. It has no id, so that the client keeps the last one. */
const stoppedText = "event: stopped\ndata: {}\n\n";

const eventText = ({ kind, tag, data }: StreamEvent): string =>
  `${tag === "" ? "" : `id: ${tag}\n`}event: ${kind}\ndata: ${data}\n\n`;

/** The longest timeout of a signal, in ms. When it passes, the client reconnects and resumes. */
const maxTimeout = 2 ** 31 - 1;

/** A signal that aborts when the client disconnects or its identity expires. */
export function untilExpiry(signal: AbortSignal, { expiresAt }: Identity): AbortSignal {
  if (expiresAt === null || expiresAt === undefined) return signal;
  const left = Math.min(Math.max(0, expiresAt - Date.now()), maxTimeout);
  return AbortSignal.any([signal, AbortSignal.timeout(left)]);
}

/** Whether a client prefers events to JSON (RFC 9110, section 12.5.1). JSON is the default. */
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
