// Reads server-sent events as a client does: only complete ones count.

export type StreamEvent = {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
};

export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";
  /** Everything that has come, comments included. */
  received = "";

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The next event; `null` when the stream has ended. */
  async next(): Promise<StreamEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const event = parseEvent(this.#text.slice(0, end));
        this.#text = this.#text.slice(end + 2);
        if (event !== null) return event;
      } else if (!(await this.more())) return null;
    }
  }

  /** The next event, with its data parsed. */
  async read(): Promise<{ id: string | null; event: string; data: unknown }> {
    const event = await this.next();
    if (event === null) throw new Error("The stream has ended.");
    return { ...event, data: JSON.parse(event.data) as unknown };
  }

  /** Read nothing more: the client is gone. */
  close(): Promise<void> {
    return this.#reader.cancel();
  }

  /** Take what comes next, as much as comes at once. @returns false when the stream has ended */
  async more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    const text = this.#decoder.decode(value, { stream: true });
    this.#text += text;
    this.received += text;
    return true;
  }
}

/** An event's fields; `null` for what has no data, which clients drop. */
function parseEvent(block: string): StreamEvent | null {
  const fields = new Map(
    block
      .split("\n")
      .map((line) => /^(\w*)(?:: ?(.*))?$/s.exec(line))
      .map((match): [string, string] => [match?.[1] ?? "", match?.[2] ?? ""]),
  );
  const data = fields.get("data");
  if (data === undefined) return null;
  return { id: fields.get("id") ?? null, event: fields.get("event") ?? "message", data };
}
