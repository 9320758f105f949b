// A WebSocket client over plain TCP, which sends what no library would. It reads frames of up to 64 KiB, as
// they come from a room.

import { once } from "node:events";
import { connect, type Socket } from "node:net";

const closeOpcode = 8;

export class RawSocket {
  /** Resolves once TCP has ended. */
  readonly ended: Promise<unknown>;
  readonly #socket: Socket;
  /** What has come, one character a byte. */
  #received = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = once(socket, "close");
    socket.setEncoding("latin1");
    socket.on("error", () => {}); // `close` follows
    socket.on("data", (data) => {
      this.#received += String(data);
    });
  }

  /**
   * Open a socket and send what an upgrade needs. Nothing is waited for.
   * @param url `http://host:port/path`
   */
  static async open(url: string): Promise<RawSocket> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, "connect");
    const lines = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${btoa(crypto.randomUUID().slice(0, 16))}`,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    return new RawSocket(socket);
  }

  /** Wait for a text to come, and forget everything up to it. */
  async skipPast(text: string): Promise<void> {
    for (;;) {
      const index = this.#received.indexOf(text);
      if (index >= 0) {
        this.#received = this.#received.slice(index + text.length);
        return;
      }
      await once(this.#socket, "data");
    }
  }

  /** Send a frame of at most 125 bytes. */
  send(opcode: number, payload: Uint8Array): void {
    const mask = crypto.getRandomValues(new Uint8Array(4));
    const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    this.#socket.write(Uint8Array.of(0x80 | opcode, 0x80 | payload.length, ...mask, ...masked));
  }

  /** Send a close frame. @returns the payload of the one that answers it, once TCP has ended */
  async close(payload: Uint8Array): Promise<Uint8Array | null> {
    this.send(closeOpcode, payload);
    await this.ended;
    const bytes = Uint8Array.from(this.#received, (character) => character.charCodeAt(0));
    return closePayload(bytes);
  }

  /** End TCP with a reset, as when a client's machine goes down. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

/** The payload of the first close frame among whole frames, `null` if there is none. */
function closePayload(bytes: Uint8Array): Uint8Array | null {
  for (let at = 0; at + 2 <= bytes.length;) {
    const [first = 0, length = 0, high = 0, low = 0] = bytes.subarray(at, at + 4);
    const isLong = length === 126;
    const start = at + (isLong ? 4 : 2);
    const end = start + (isLong ? 256 * high + low : length);
    if ((first & 15) === closeOpcode) return bytes.subarray(start, end);
    at = end;
  }
  return null;
}
