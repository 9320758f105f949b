// What differs between the servers from a client's point of view: the URL of a room, the subprotocol, and
// which message answers an update. Everything else is the same for all three.

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

/** The position that a client resumes from. */
export type Resume = { readonly since: number; readonly epoch: string };

type ServerProtocol = {
  readonly subprotocols: readonly string[];
  path(room: string, user: string, resume?: Resume): string;
  /** The ref that a message answers; -1 if it answers none. */
  answeredRef(type: MessageType, message: string): number;
  /** Sent before the socket is closed. */
  readonly leaveMessage?: string;
};

const ref = '"ref":';
// The baseline servers put the ref into the change itself.
const answeredByChange: ServerProtocol["answeredRef"] = (type, message) =>
  type === "change" ? numberAfter(ref, message) : -1;

export const serverProtocols: Readonly<Record<ServerName, ServerProtocol>> = {
  ours: {
    subprotocols: [subprotocol],
    path: (room, user, resume) =>
      `/rooms/${room}/socket?${new URLSearchParams({
        user: JSON.stringify({ id: user }),
        behaviour: "fast",
        ...(resume && { since: String(resume.since), epoch: resume.epoch }),
      })}`,
    answeredRef: (type, message) => (type === "reply" ? numberAfter(ref, message) : -1),
    // Otherwise the users would leave when their grace period ends, during another measurement.
    leaveMessage: '{"type":"leave"}',
  },
  bare: {
    subprotocols: [],
    path: (room, user) => `/${room}?name=${user}`,
    answeredRef: answeredByChange,
  },
  partyserver: {
    subprotocols: [],
    path: (room, user) => `/parties/party/${room}?name=${user}`,
    answeredRef: answeredByChange,
  },
};
