// `npm run join -- <room> <user> [--url ws://…] [--token …]`: joins a room from a terminal. It prints every message,
// acknowledges marks, and resumes when the connection breaks. It does not apply changes to a copy of the state.
import { createInterface } from "node:readline";
import { parseArgs, styleText } from "node:util";
import { WebSocket } from "ws";
import { PartReader } from "../src/protocol/parts.ts";
import { afterClose, mayRepeat, reconnectDelay } from "./reconnecting.ts";

const help = `npm run join -- <room> <user> [--behaviour name] [--url ws://localhost:8787] [--token token]

With a token, leave out the user: the token identifies it.

Type to send messages to the room:
  title="Bridge"       sets a key of the state (JSON, or else plain text)
  title=               removes a key of the state
  @cursor={"x":1}      sets a member of your presence
  !wave {"to":"bob"}   sends an event, with an optional payload
  rename({"title":"A"})  calls an action
  {"type":"touch"}     sends any message (see docs/PROTOCOL.md)
  leave                leaves the room`;

type Message = { readonly type: string; readonly [member: string]: unknown };

const { values, positionals } = readArguments();
const [room, userId] = positionals;
const isNamed = userId !== undefined || values.token !== undefined;
if (values.help || room === undefined || !isNamed) {
  console.log(help);
  process.exit(values.help ? 0 : 1);
}
if (!/^wss?:$/.test(URL.parse(values.url)?.protocol ?? "")) {
  console.error(`--url must be an address such as ws://localhost:8787, not ${values.url}`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        behaviour: { type: "string" },
        url: { type: "string", default: "ws://localhost:8787" },
        token: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(1);
  }
}

/** The latest version this client has, to resume from. */
let known: { epoch: string; version: number } | undefined;
let socket: WebSocket | undefined;
let nextRef = 1;
/** Attempts to connect since a connection last stayed open for `stableTime`. */
let attempts = 0;
let isEnding = false;
let retry: NodeJS.Timeout | undefined;

/** ms after which a connection counts as stable. If it closes sooner, the next attempt waits longer. */
const stableTime = 10_000;

connect();
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const message = parseLine(line.trim());
  if (message) send(JSON.stringify(message));
});
lines.on("close", () => {
  isEnding = true;
  clearTimeout(retry);
  socket?.close();
});

function send(text: string): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(text);
}

function receiveFrame(text: string, parts: PartReader): void {
  const frame = JSON.parse(text) as Message | Message[];
  if (Array.isArray(frame) || frame.type !== "part") {
    for (const message of [frame].flat()) receive(message);
    return;
  }
  const whole = parts.take(frame as unknown as Parameters<PartReader["take"]>[0]);
  if (whole !== null) receiveFrame(whole, parts);
}

function connect(): void {
  const query = new URLSearchParams();
  if (userId !== undefined) query.set("user", JSON.stringify({ id: userId, name: userId }));
  if (values.behaviour !== undefined) query.set("behaviour", values.behaviour);
  if (known) {
    query.set("since", String(known.version));
    query.set("epoch", known.epoch);
  }
  const address = `${values.url}/rooms/${encodeURIComponent(room ?? "")}/socket?${query}`;
  const opened = new WebSocket(address, "collab-room.v2", {
    headers: values.token === undefined ? {} : { authorization: `Bearer ${values.token}` },
  });
  socket = opened;
  const openedAt = Date.now();
  const parts = new PartReader();
  const pings = setInterval(() => send("ping"), 30_000);
  // Without a first message, local workerd closes the connection only when the object hibernates.
  opened.on("open", () => send("ping"));
  opened.on("message", (data) => {
    const text = String(data);
    if (text !== "pong") receiveFrame(text, parts);
  });
  let isRefused = false;
  opened.on("unexpected-response", (_, response) => {
    isRefused = true;
    clearInterval(pings);
    response.on("data", (body) => console.error(styleText("red", `refused: ${String(body)}`)));
    response.on("end", () => {
      if (mayRepeat(response.statusCode ?? 0)) comeBack();
      else end(1);
    });
  });
  opened.on("error", (error) => {
    if (!isRefused) console.error(styleText("red", explain(error)));
  });
  opened.on("close", (code, reason) => {
    clearInterval(pings);
    if (isRefused) return;
    console.log(styleText("yellow", `closed: ${code} ${String(reason)}`));
    if (Date.now() - openedAt > stableTime) attempts = 0;
    if (isEnding) return;
    switch (afterClose(code)) {
      case "stay away":
        return end(code === 1000 ? 0 : 1);
      case "get a new token":
        console.error(
          styleText(
            "red",
            "A new token is needed. Create one with npm run token, and start again with --token.",
          ),
        );
        return end(1);
      case "reconnect":
        return comeBack();
    }
  });
}

function explain({ message, ...error }: Error): string {
  const isNobody = "code" in error && error.code === "ECONNREFUSED";
  return isNobody
    ? `There is no server at ${values.url}. Start one with npm run dev, or set another address with --url.`
    : message;
}

/** Reconnect after a delay. If the first attempt ever fails, give up: the address is probably wrong. */
function comeBack(): void {
  if (isEnding) return;
  if (known === undefined) return end(1);
  const delay = reconnectDelay(++attempts, Math.random());
  console.log(styleText("yellow", `reconnecting in ${(delay / 1000).toFixed(1)} s`));
  retry = setTimeout(connect, delay);
}

function end(exitCode: number): void {
  process.exitCode = exitCode;
  lines.close();
}

function receive(message: Message): void {
  const { type, ...rest } = message;
  if (type === "welcome")
    known = { epoch: String(message["epoch"]), version: Number(message["version"]) };
  if (type === "change" && known) known.version = Number(message["to"]);
  if (type === "mark") send(JSON.stringify({ type: "ack", n: message["n"] }));
  else console.log(styleText("cyan", type.padEnd(8)), JSON.stringify(rest));
}

/** The message for a line of input; `undefined` if there is none. */
function parseLine(line: string): object | undefined {
  const ref = nextRef++;
  const [, at, key, value] = /^(@?)([\w.-]+)=(.*)$/.exec(line) ?? [];
  if (key !== undefined && value !== undefined) {
    const data = { [key]: value === "" ? null : jsonOrText(value) };
    return at ? { type: "presence", ref, data } : { type: "update", ref, merge: data };
  }
  const [, event, eventPayload] = /^!(\S+)\s*(.*)$/.exec(line) ?? [];
  if (event !== undefined)
    return {
      type: "broadcast",
      ref,
      event,
      payload: eventPayload ? jsonOrText(eventPayload) : null,
      echo: true,
    };
  const [, name, payload] = /^(\w+)\((.*)\)$/.exec(line) ?? [];
  if (name !== undefined)
    return { type: "action", ref, name, payload: payload ? jsonOrText(payload) : {} };
  if (line === "leave") return { type: "leave" };
  if (line.startsWith("{") || line.startsWith("[")) return jsonOrText(line) as object;
  if (line !== "") console.log(help);
  return undefined;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
