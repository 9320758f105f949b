// The public API of `collab-room/client`.

export { connectRoom } from "./connect.ts";
export { deleteText, editText, increment, insertText, move } from "./document/intents.ts";
export { between } from "./order-keys.ts";
export { RoomError } from "./room-error.ts";
export type { Environment, PageEvent, SocketConstructor, SocketLike } from "./environment.ts";
export type {
  ActionCall,
  ActionNameFor,
  ActionOptions,
  Committed,
  ConnectOptions,
  Draft,
  Edit,
  Frozen,
  InputFor,
  Person,
  PresenceFor,
  PresenceInput,
  Problem,
  ResultFor,
  Room,
  RoomEvent,
  RoomEvents,
  RoomHistory,
  RoomSnapshot,
  RoomStatus,
  SaveStatus,
  StaleEdits,
  StateFor,
  UndoResult,
} from "./types.ts";
