// What differs between the servers as a client sees them: the address of a room, and which message
// answers an update. All else is the same for the three.

import { subprotocol } from "../../src/protocol/messages.ts";
import { type MessageType, numberAfter } from "./scan.ts";

export type ServerName = "ours" | "bare" | "partyserver";

/** A room on one of the servers. */
export type Target = {
  readonly server: ServerName;
  /** Origin of the server. */
  readonly url: string;
  readonly room: string;
  /** Process id of the server. */
  readonly pid: number;
};

/** From where a client goes on. */
export type Resume = { readonly since: number; readonly epoch: string };

type Dialect = {
  readonly protocols: readonly string[];
  path(room: string, user: string, resume?: Resume): string;
  /** The ref that a message answers; -1 if it answers none. */
  answeredRef(type: MessageType, message: string): number;
  /** Said before the socket closes. */
  readonly farewell?: string;
};

const ref = '"ref":';
// A peer puts the ref into the change itself.
const answeredByChange: Dialect["answeredRef"] = (type, message) =>
  type === "change" ? numberAfter(ref, message) : -1;

export const dialects: Readonly<Record<ServerName, Dialect>> = {
  ours: {
    protocols: [subprotocol],
    path: (room, user, resume) =>
      `/rooms/${room}/socket?${new URLSearchParams({
        user: JSON.stringify({ id: user }),
        behaviour: "fast",
        ...(resume && { since: String(resume.since), epoch: resume.epoch }),
      })}`,
    answeredRef: (type, message) => (type === "reply" ? numberAfter(ref, message) : -1),
    // Without it the users would leave ten seconds later, in the midst of another measurement.
    farewell: '{"type":"leave"}',
  },
  bare: {
    protocols: [],
    path: (room, user) => `/${room}?name=${user}`,
    answeredRef: answeredByChange,
  },
  partyserver: {
    protocols: [],
    path: (room, user) => `/parties/party/${room}?name=${user}`,
    answeredRef: answeredByChange,
  },
};
