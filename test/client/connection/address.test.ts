// The address of a room's sockets, and the parameters that each connection attempt sends.

import { expect, test } from "vitest";
import { attemptAddress, roomAddress } from "../../../src/client/connection/address.ts";
import { createHarness } from "../support/connection-harness.ts";

test.each([
  ["https://rooms.example.com", null, "wss://rooms.example.com/rooms/design/socket"],
  ["http://localhost:8787", null, "ws://localhost:8787/rooms/design/socket"],
  ["HTTPS://rooms.example.com/", null, "wss://rooms.example.com/rooms/design/socket"],
  ["wss://rooms.example.com", null, "wss://rooms.example.com/rooms/design/socket"],
  ["ws://localhost:8787/", null, "ws://localhost:8787/rooms/design/socket"],
  ["https://x.example/collab", null, "wss://x.example/collab/rooms/design/socket"],
  ["https://x.example/collab//", null, "wss://x.example/collab/rooms/design/socket"],
  ["/collab", "https://x.example/app/page?a=1#b", "wss://x.example/collab/rooms/design/socket"],
  ["/", "http://localhost:3000/app", "ws://localhost:3000/rooms/design/socket"],
  ["https://other.example", "https://x.example", "wss://other.example/rooms/design/socket"],
])("the address of %s on the page %s is %s", (url, baseUrl, address) => {
  expect(roomAddress(url, "design", baseUrl)).toBe(address);
});

test.each([
  ["a/b", "a%2Fb"],
  ["für alle?", "f%C3%BCr%20alle%3F"],
  ["...", "..."],
  ["€".repeat(85), "%E2%82%AC".repeat(85)],
])("the room %s is percent-encoded", (room, encoded) => {
  expect(roomAddress("https://x.example", room, null)).toBe(
    `wss://x.example/rooms/${encoded}/socket`,
  );
});

test.each([
  ["rooms.example.com", null],
  ["rooms.example.com", "https://x.example"],
  ["localhost:8787", null],
  ["/collab", null],
  ["/collab", "about:blank"],
  ["", "https://x.example"],
  ["ftp://x.example", null],
  ["https://", null],
  ["https://x.example?token=1", null],
  ["https://x.example#a", null],
  [undefined as unknown as string, "https://x.example"],
])("the url %s on the page %s is refused with a TypeError that names it", (url, baseUrl) => {
  expect(() => roomAddress(url, "design", baseUrl)).toThrow(TypeError);
  expect(() => roomAddress(url, "design", baseUrl)).toThrow(
    `\`url\` must be an address such as https://rooms.example.com, or a path of the page's origin, got ${JSON.stringify(url)}`,
  );
});

test.each(["", ".", "..", "\ud800", "€".repeat(86), 7 as unknown as string])(
  "the room %j is refused with a TypeError that names it",
  (room) => {
    expect(() => roomAddress("https://x.example", room, null)).toThrow(TypeError);
    expect(() => roomAddress("https://x.example", room, null)).toThrow("`room` must have 1 to 256");
  },
);

test("[C5] a connection cannot be created for a room id that no URL can address", () => {
  expect(() => createHarness({ room: ".." })).toThrow(TypeError);
});

test("[C5] parameters that an attempt does not set are left out of its address", () => {
  expect(attemptAddress("wss://x.example/rooms/a/socket", { client: "c", since: undefined })).toBe(
    "wss://x.example/rooms/a/socket?refuse=close&client=c",
  );
});

test("[C5] an attempt sends the user, the client name and the behaviour, and asks for refusals as close codes", () => {
  const user = { id: "ada", name: "Ada & Co" };
  const { connection, environment } = createHarness({ user, behaviour: "doc" });
  connection.reconnect();
  expect(environment.socket.parameters).toEqual({
    user: JSON.stringify(user),
    client: "tab-1",
    behaviour: "doc",
    refuse: "close",
  });
  expect(environment.socket.protocols).toEqual(["collab-room.v2"]);
});

test("[C5] an attempt after a dropped connection sends the client's epoch and version", async () => {
  const harness = createHarness();
  harness.connection.reconnect();
  harness.resume = { client: "tab-2", epoch: "e1", since: 0 };
  harness.environment.socket.closeByRoom(1006);
  await harness.environment.advance(300);
  expect(harness.environment.socket.parameters).toEqual({
    client: "tab-2",
    epoch: "e1",
    since: "0",
    refuse: "close",
  });
});

test("[C5] the token is sent as a subprotocol and not in the address", async () => {
  const { connection, environment } = createHarness({ token: () => "a.b-c_d" });
  connection.reconnect();
  await environment.advance(0);
  expect(environment.socket.protocols).toEqual(["collab-room.v2", "bearer.a.b-c_d"]);
  expect(environment.socket.url.href).not.toContain("a.b-c_d");
});
