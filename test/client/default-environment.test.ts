// The client's environment: in a browser, whose globals are stubbed here, and in runtimes without a page.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createEnvironment } from "../../src/client/default-environment.ts";
import type { PageEvent } from "../../src/client/environment.ts";
import { FakeSocket } from "./support/fake-environment.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("[C5] anywhere", () => {
  test("ids are random UUIDs", () => {
    const { newId } = createEnvironment();
    const ids = Array.from({ length: 200 }, newId);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(200);
  });

  test("ids can be created without https", () => {
    vi.stubGlobal("crypto", {
      getRandomValues: (bytes: Uint8Array) => bytes.fill(255),
    });
    expect(createEnvironment().newId()).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
  });

  test("the clock is the machine's, in epoch ms", () => {
    vi.spyOn(Date, "now").mockReturnValue(1_000_000);
    expect(createEnvironment().now()).toBe(1_000_000);
  });

  test("random numbers are between 0 and 1", () => {
    const { random } = createEnvironment();
    const values = Array.from({ length: 50 }, random);
    expect(new Set(values).size).toBeGreaterThan(1);
    for (const value of values) expect(value >= 0 && value <= 1).toBe(true);
  });

  test("a timer calls back unless it was cancelled", async () => {
    const { later } = createEnvironment();
    const called: string[] = [];
    later(0, () => called.push("cancelled"))();
    await new Promise<void>((resolve) => {
      later(0, () => {
        called.push("due");
        resolve();
      });
    });
    expect(called).toEqual(["due"]);
  });

  test("a timer longer than the browser's maximum does not fire at once", () => {
    const set = vi.fn(() => 0);
    vi.stubGlobal("setTimeout", set);
    createEnvironment().later(Infinity, () => {});
    expect(set).toHaveBeenCalledWith(expect.any(Function), 2 ** 31 - 1);
  });

  test("soon() runs after the current code and before any timer", async () => {
    const { soon, later } = createEnvironment();
    const order: string[] = [];
    const done = new Promise<void>((resolve) => {
      later(0, () => {
        order.push("timer");
        resolve();
      });
    });
    soon(() => order.push("soon"));
    order.push("now");
    await done;
    expect(order).toEqual(["now", "soon", "timer"]);
  });

  test("a socket is opened with the given constructor, or else with the global one", () => {
    vi.stubGlobal("WebSocket", class extends FakeSocket {});
    const given = class extends FakeSocket {};
    const protocols = ["collab-room.v2"];
    expect(createEnvironment(given as never).open("wss://a.example/", protocols)).toBeInstanceOf(
      given,
    );
    const socket = createEnvironment().open("wss://a.example/", protocols);
    expect(socket).toBeInstanceOf(globalThis.WebSocket);
    expect(socket).toMatchObject({ protocols });
  });

  test("opening a socket without any WebSocket throws an error that says what to do", () => {
    vi.stubGlobal("WebSocket", undefined);
    expect(() => createEnvironment().open("wss://a.example/", [])).toThrow(
      "There is no WebSocket here: give one in the option `WebSocket`.",
    );
  });
});

describe("[C5] without a page", () => {
  test.each([
    ["in Node", {}],
    ["without a navigator", { navigator: undefined }],
  ])("the network is up, and there is no address and no page event: %s", (_, globals) => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    const environment = createEnvironment();
    expect(environment.isOnline()).toBe(true);
    expect(environment.baseUrl).toBeNull();
    expect(() => {
      environment.onPage(() => {})();
      environment.beforeUnload(() => true)();
    }).not.toThrow();
  });

  test("in a Worker, whose events are different ones, no page listener is added", () => {
    const addEventListener = vi.fn();
    vi.stubGlobal("addEventListener", addEventListener);
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    createEnvironment().onPage(() => {});
    expect(addEventListener).not.toHaveBeenCalled();
  });
});

describe("[C5] in a page", () => {
  let page: EventTarget;
  let document: EventTarget & { visibilityState: string };
  let listeners: number;

  /** Counts its listeners. */
  class Target extends EventTarget {
    override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
      listeners++;
      super.addEventListener(...args);
    }
    override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
      listeners--;
      super.removeEventListener(...args);
    }
  }

  beforeEach(() => {
    listeners = 0;
    page = new Target();
    document = Object.assign(new Target(), { visibilityState: "visible" });
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    vi.stubGlobal("document", document);
    vi.stubGlobal("navigator", { onLine: true });
    vi.stubGlobal("location", { href: "https://x.example/app?a=1" });
  });

  function listen(): { events: PageEvent[]; end: () => void } {
    const events: PageEvent[] = [];
    return { events, end: createEnvironment().onPage((event) => events.push(event)) };
  }

  /** A page event, with a member that Node's events do not have. */
  const event = (type: string, more: object = {}): Event =>
    Object.assign(new Event(type, { cancelable: true }), more);

  test("relative addresses are resolved against the page's address", () => {
    expect(createEnvironment().baseUrl).toBe("https://x.example/app?a=1");
  });

  test("the browser reports whether there is a network", () => {
    const environment = createEnvironment();
    expect(environment.isOnline()).toBe(true);
    vi.stubGlobal("navigator", { onLine: false });
    expect(environment.isOnline()).toBe(false);
  });

  test.each(["online", "offline"] as const)("the event %s is passed on", (type) => {
    const { events } = listen();
    page.dispatchEvent(event(type));
    expect(events).toEqual([type]);
  });

  test("a page that becomes visible resumes, and a page that is hidden reports it", () => {
    const { events } = listen();
    document.visibilityState = "hidden";
    document.dispatchEvent(event("visibilitychange"));
    expect(events).toEqual(["hide"]);
    document.visibilityState = "visible";
    document.dispatchEvent(event("visibilitychange"));
    expect(events).toEqual(["hide", "resume"]);
  });

  test("a page restored from the cache resumes, and a newly loaded one does not", () => {
    const { events } = listen();
    page.dispatchEvent(event("pageshow", { persisted: false }));
    expect(events).toEqual([]);
    page.dispatchEvent(event("pageshow", { persisted: true }));
    expect(events).toEqual(["resume"]);
  });

  test("no event arrives after the subscription has ended, and no listener is left", () => {
    const { events, end } = listen();
    end();
    page.dispatchEvent(event("online"));
    document.dispatchEvent(event("visibilitychange"));
    expect(events).toEqual([]);
    expect(listeners).toBe(0);
  });

  test("the browser asks before it closes the page while something is unsaved", () => {
    let isUnsaved = false;
    createEnvironment().beforeUnload(() => isUnsaved);
    const first = event("beforeunload");
    page.dispatchEvent(first);
    expect(first.defaultPrevented).toBe(false);
    isUnsaved = true;
    const second = event("beforeunload");
    page.dispatchEvent(second);
    expect(second.defaultPrevented).toBe(true);
  });

  test("a beforeunload listener exists only while one is requested", () => {
    const environment = createEnvironment();
    expect(listeners).toBe(0);
    const end = environment.beforeUnload(() => true);
    expect(listeners).toBe(1);
    end();
    expect(listeners).toBe(0);
    const closing = event("beforeunload");
    page.dispatchEvent(closing);
    expect(closing.defaultPrevented).toBe(false);
  });
});
