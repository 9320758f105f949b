// Reads the server-sent events of a trace from a response: `EventSource` of browsers can send no token.

import type { TracedClose, TracedDrop, TracedFrame } from "../protocol/inspection.ts";

export type TraceEvent =
  | { readonly kind: "frame"; readonly frame: TracedFrame }
  | { readonly kind: "closed"; readonly closed: TracedClose }
  | { readonly kind: "dropped"; readonly dropped: TracedDrop }
  | { readonly kind: "stopped" };

/** The events of a trace; those of a later release are left out. */
export async function* readTrace(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<TraceEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = eventOf(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    await reader.cancel();
  }
}

function eventOf(block: string): TraceEvent | null {
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const data = (): unknown => JSON.parse(fields.get("data") ?? "null");
  switch (fields.get("event")) {
    case "frame":
      return { kind: "frame", frame: data() as TracedFrame };
    case "closed":
      return { kind: "closed", closed: data() as TracedClose };
    case "dropped":
      return { kind: "dropped", dropped: data() as TracedDrop };
    case "stopped":
      return { kind: "stopped" };
    default:
      return null;
  }
}
