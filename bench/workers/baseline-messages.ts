// What the two peers say on their sockets: the same JSON as a room's, so that all three carry the same
// content. A peer answers an update by sending the change to everybody, with the sender's `ref` in it.

export type PeerMessage =
  | { readonly type: "update"; readonly ref: number; readonly patch: readonly unknown[] }
  | { readonly type: "presence"; readonly data: object }
  | { readonly type: "broadcast"; readonly event: string; readonly payload: unknown };

/** Unchecked: that is to the peers' advantage. */
export const readMessage = (text: string): PeerMessage => JSON.parse(text) as PeerMessage;

export const welcomeFrame = (version: number): string => `{"type":"welcome","version":${version}}`;

export const changeFrame = (to: number, patch: string, ref: number): string =>
  `{"type":"change","from":${to - 1},"to":${to},"patch":${patch},"ref":${ref}}`;

export const presenceFrame = (user: string, data: object): string =>
  JSON.stringify({ type: "presence", updates: { [user]: data } });

export const eventFrame = (event: string, payload: unknown): string =>
  JSON.stringify({ type: "event", event, payload });
