// Preconditions of a request (RFC 9110, section 13): the entity tags that the state must or must not have. HTTP parses
// the headers; the room checks them in its turn, where nothing can change in between.

import { CollabError } from "../protocol/errors.ts";

/** Entity tags without quotes; `"any"` for `*`. */
export type EntityTags = readonly string[] | "any";

export type Preconditions = {
  /** The state must have one of these tags. */
  readonly ifMatch?: EntityTags | undefined;
  /** The state must have none of these tags. */
  readonly ifNoneMatch?: EntityTags | undefined;
};

/** The entity tag of a state (rule E8): versions count within an epoch. */
export const entityTag = (epoch: string, version: number): string => `${epoch}.${version}`;

/** Whether one of the tags is the state's; never for a state that does not exist (`null`). */
export const includesTag = (tags: EntityTags, current: string | null): boolean =>
  current !== null && (tags === "any" || tags.includes(current));

/**
 * Check the preconditions of a request that changes something (rules S6, H1).
 * @param current the state's entity tag; `null` if there is no state
 * @throws CollabError `version_conflict`
 */
export function checkPreconditions(
  { ifMatch, ifNoneMatch }: Preconditions,
  current: string | null,
): void {
  if (ifMatch !== undefined && !includesTag(ifMatch, current))
    throw conflict(
      current === null
        ? "There is no state, so no entity tag matches If-Match."
        : `The state has the entity tag "${current}", which If-Match does not list. Read it again before you retry.`,
    );
  if (ifNoneMatch !== undefined && includesTag(ifNoneMatch, current))
    throw conflict(`The state has the entity tag "${current}", which If-None-Match rules out.`);
}

const conflict = (detail: string): CollabError => new CollabError("version_conflict", { detail });
