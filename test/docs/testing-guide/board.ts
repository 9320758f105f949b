import { defineRoom } from "collab-room/behaviours";
import * as z from "zod";

export const board = defineRoom({
  state: z.object({ title: z.string(), votes: z.number() }),
  initialState: { title: "Sketch", votes: 0 },
  saveRoomState: (room, state) => (room.env as Env).save(room.id, state),
  actions: (action) => ({
    rename: action(z.object({ title: z.string() }), (_room, state, { title }) =>
      title === "" ? { error: "empty_title" } : { state: { ...state, title }, result: state.title },
    ),
  }),
});

export type Env = { save(id: string, state: object): void | { error: string } };
