// Where a room's sockets are: from what an application gives to the address of one attempt. It opens nothing.

import { maxRoomIdBytes } from "../../protocol/limits.ts";

/** The parameters of one attempt; `undefined` for those that are left out. */
export type AddressParameters = Readonly<Record<string, string | number | undefined>>;

/**
 * The address of a room's sockets, without parameters.
 * @param baseUrl the page's address, for a `url` that is a path
 * @throws TypeError for a `url` or a `room` that nothing can be reached at
 */
export function roomAddress(url: string, room: string, baseUrl: string | null): string {
  const { protocol, host, pathname } = parse(url, baseUrl);
  const scheme = protocol.replace("http", "ws");
  return `${scheme}//${host}${pathname.replace(/\/+$/, "")}/rooms/${encode(room)}/socket`;
}

/** The address of one attempt. A refusal is to open the socket all the same, so that its reason can be read. */
export function attemptAddress(address: string, parameters: AddressParameters): string {
  const query = new URLSearchParams({ refuse: "close" });
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query.set(name, String(value));
  return `${address}?${query}`;
}

function parse(url: string, baseUrl: string | null): URL {
  // A host without a scheme would be taken for a path next to the page.
  if (/^(?:https?:|wss?:|\/)/i.test(url)) {
    try {
      const parsed = new URL(url, baseUrl ?? undefined);
      if (/^(?:http|ws)s?:$/.test(parsed.protocol) && parsed.search + parsed.hash === "")
        return parsed;
    } catch {
      // Told below, together with what parses and does not fit.
    }
  }
  throw new TypeError(
    `\`url\` must be an address such as https://rooms.example.com, or a path of the page's origin, got ${JSON.stringify(url)}`,
  );
}

function encode(room: string): string {
  // URL parsers remove `.` and `..`, even percent-encoded.
  if (typeof room === "string" && room.isWellFormed() && !/^\.{0,2}$/.test(room)) {
    const encoded = encodeURIComponent(room);
    if (encoded.replace(/%../g, "-").length <= maxRoomIdBytes) return encoded;
  }
  throw new TypeError(
    `\`room\` must have 1 to ${maxRoomIdBytes} bytes of UTF-8, and be no dots, got ${JSON.stringify(room)}`,
  );
}
