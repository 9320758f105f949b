// A room whose behaviour is `guarded`, new for each test of a file, and tokens that are for it alone.

import { beforeEach } from "vitest";
import type { RoomHandle, Scope } from "collab-room";
import { newId, rooms } from "./rooms.ts";

/** Of the test that runs. */
export let id = "";
/** Of the test that runs. */
export let room = {} as RoomHandle;

/** Go on with another room than the one before. */
export async function openRoom(behaviour: string, named = newId()): Promise<void> {
  id = named;
  room = await rooms.joinOrCreateRoom(id, { behaviour });
}

/** To be called once at the top of a file. */
export const useGuardedRoom = (): void => beforeEach(() => openRoom("guarded"));

/** The claims of a token for the room. */
export const claims = (sub: string, ...scopes: Scope[]) => ({ sub, scopes: { [id]: scopes } });
