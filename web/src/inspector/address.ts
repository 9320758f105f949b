// Addresses of the inspector, which can be shared as links: `#/`, `#/?prefix=doc-`, `#/metrics`, `#/rooms/<id>/<tab>`.

import { useSyncExternalStore } from "react";

export const tabs = [
  "state",
  "timeline",
  "people",
  "presence",
  "wire",
  "actions",
  "operations",
] as const;
export type Tab = (typeof tabs)[number];

export type Place =
  | { readonly at: "rooms"; readonly prefix: string }
  | { readonly at: "room"; readonly id: string; readonly tab: Tab }
  | { readonly at: "metrics" }
  | { readonly at: "nowhere" };

export const roomsAddress = (prefix = ""): string =>
  prefix === "" ? "#/" : `#/?prefix=${encodeURIComponent(prefix)}`;
export const roomAddress = (id: string, tab: Tab = "state"): string =>
  `#/rooms/${encodeURIComponent(id)}/${tab}`;
export const metricsAddress = "#/metrics";

function read(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  if (path === "" || path === "/")
    return { at: "rooms", prefix: new URLSearchParams(query).get("prefix") ?? "" };
  if (path === "/metrics") return { at: "metrics" };
  const [, room = "", tab = "state"] = /^\/rooms\/([^/]+)(?:\/([a-z]*))?$/.exec(path) ?? [];
  const id = decoded(room);
  const known = tabs.find((name) => name === (tab || "state"));
  return id === "" || known === undefined ? { at: "nowhere" } : { at: "room", id, tab: known };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

export function usePlace(): Place {
  return read(useSyncExternalStore(subscribe, () => location.hash));
}

/** @param isNew whether to add a history entry, so that Back returns to the current page */
export function goTo(address: string, isNew = true): void {
  if (isNew) location.hash = address;
  else {
    history.replaceState(null, "", address);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
}
