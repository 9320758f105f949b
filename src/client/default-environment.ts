// The world as it is: in browsers, in Node, in Workers, and where a page is rendered on a server. The only file of the
// client that touches a global, each as it is used, because none of these places has them all.

import type { Environment, PageEvent, SocketConstructor, SocketLike } from "./environment.ts";
import type { Browser } from "./persist/browser.ts";

type Listener = (event: EventLike) => void;
type Target = {
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
};
/** The members of events that the listeners below use. */
type EventLike = {
  /** Of `pageshow`: whether the page comes from the cache. */
  readonly persisted?: boolean;
  preventDefault(): void;
  returnValue: unknown;
};
type Globals = Partial<Target> &
  Browser & {
    readonly document?: Target & { readonly visibilityState: string };
    readonly location?: { readonly href: string };
    readonly WebSocket?: SocketConstructor;
  };

// Typed by hand, because the types of the global object differ between Node, Workers and browsers.
const globals: Globals = Object(globalThis);

/** A longer timer would come at once. */
const longestTimer = 2 ** 31 - 1;

/** @param WebSocketConstructor the WebSocket to use instead of the global one */
export const createEnvironment = (WebSocketConstructor?: SocketConstructor): Environment => ({
  now: () => Date.now(),
  random: () => Math.random(),
  newId,
  later: (ms, call) => {
    const timer = setTimeout(call, Math.min(ms, longestTimer));
    return () => clearTimeout(timer);
  },
  soon: (call) => queueMicrotask(call),
  report: (error) => {
    // From a timer, it is an uncaught error like any other.
    setTimeout(() => {
      throw error;
    });
  },
  open: (url, protocols): SocketLike => {
    const Socket = WebSocketConstructor ?? globals.WebSocket;
    if (!Socket) throw new Error("There is no WebSocket here: give one in the option `WebSocket`.");
    return new Socket(url, protocols);
  },
  isOnline: () => globals.navigator?.onLine !== false,
  onPage,
  beforeUnload: (isUnsaved) =>
    listen(globals, "beforeunload", (event) => {
      if (!isUnsaved()) return;
      event.preventDefault();
      // Some browsers want this one.
      event.returnValue = true;
    }),
  browser: globals,
  during: (work) => work,
  baseUrl: globals.location?.href ?? null,
});

/** `crypto.randomUUID` is missing in pages without https. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    // The version and the variant of a random UUID.
    const marked = index === 6 ? (byte & 15) | 64 : index === 8 ? (byte & 63) | 128 : byte;
    return marked.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function onPage(listener: (event: PageEvent) => void): () => void {
  const { document, navigator } = globals;
  // Workers have events, too, but not these.
  const page = navigator?.onLine === undefined ? {} : globals;
  const ends = [
    listen(page, "online", () => listener("online")),
    listen(page, "offline", () => listener("offline")),
    listen(page, "pageshow", ({ persisted }) => {
      if (persisted) listener("resume");
    }),
    listen(document ?? {}, "visibilitychange", () => {
      listener(document?.visibilityState === "visible" ? "resume" : "hide");
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function listen(target: Partial<Target>, type: string, listener: Listener): () => void {
  target.addEventListener?.(type, listener);
  return () => target.removeEventListener?.(type, listener);
}
