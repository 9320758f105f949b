// Reads server-sent events from a response: `EventSource` cannot send a token.

export type ServerEvent = { readonly id: string; readonly kind: string; readonly data: string };

export async function* eventsOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  // A large event arrives in many pieces: join them once it is complete.
  let pieces: string[] = [];
  let event = { id: "", kind: "message", data: "" };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = value.split("\n");
      for (const piece of lines.slice(0, -1)) {
        const line = [...pieces, piece].join("");
        pieces = [];
        if (line === "") {
          if (event.data !== "") yield event;
          event = { id: "", kind: "message", data: "" };
        } else if (line.startsWith("data: ")) event.data += line.slice(6);
        else if (line.startsWith("event: ")) event.kind = line.slice(7);
        else if (line.startsWith("id: ")) event.id = line.slice(4);
      }
      pieces.push(lines.at(-1) ?? "");
    }
  } finally {
    // Tell the service when the reader stops early.
    await reader.cancel().catch(() => {});
  }
}
