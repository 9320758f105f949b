// The interface between the client and this folder. Types alone, so that importing them loads nothing.

import type { Connection } from "../connection/connection.ts";
import type { DocumentSync } from "../document-sync.ts";
import type { Environment } from "../environment.ts";
import type { Listeners } from "../listeners.ts";
import type { People } from "../people/people.ts";
import type { Request } from "../requests/request.ts";
import type { ConnectOptions, RoomEvents } from "../types.ts";
import type { Owner } from "./record.ts";

/** The parts of a client that keeping its edits takes. */
export type ClientParts = {
  readonly options: ConnectOptions;
  readonly environment: Environment;
  readonly document: DocumentSync;
  readonly connection: Connection;
  readonly people: People;
  readonly listeners: Listeners<RoomEvents & { change: null }>;
  /** The identity of the client. A record that it resumes from replaces it. */
  readonly own: Owner;
};

/** Keeps the edits of a client. */
export type Keeper = {
  /** Let the client go on with what a page before has left, before it connects. */
  open(): Promise<void>;
  /** The client is not connected any more: what it has not sent is for whoever comes next. */
  close(): void;
  /** Send a request, once it is kept if it has to be. @returns false without a connection */
  send(text: string, request: Request): boolean;
  /** Whether everything is kept that the room does not have yet. */
  readonly hasAll: boolean;
  /** Another socket has opened under the client's name. @returns whether that was one of the page before */
  isReplacedByItself(): boolean;
};
