// The messages of the two baseline servers: the same JSON as a room's, so that all three servers carry the
// same content. A baseline answers an update by sending the change to everybody, with the sender's `ref`.

export type BaselineMessage =
  | { readonly type: "update"; readonly ref: number; readonly patch: readonly unknown[] }
  | { readonly type: "presence"; readonly data: object }
  | { readonly type: "broadcast"; readonly event: string; readonly payload: unknown };

/** Read a message without checking it, which is to the advantage of the baselines. */
export const readMessage = (text: string): BaselineMessage => JSON.parse(text) as BaselineMessage;

export const welcomeFrame = (version: number): string => `{"type":"welcome","version":${version}}`;

export const changeFrame = (to: number, patch: string, ref: number): string =>
  `{"type":"change","from":${to - 1},"to":${to},"patch":${patch},"ref":${ref}}`;

export const presenceFrame = (user: string, data: object): string =>
  JSON.stringify({ type: "presence", updates: { [user]: data } });

export const eventFrame = (event: string, payload: unknown): string =>
  JSON.stringify({ type: "event", event, payload });
