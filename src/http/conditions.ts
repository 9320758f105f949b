// Conditional requests (RFC 9110, section 13). An entity tag is a version in quotes. Comparing versions is
// up to the room.

import { CollabError } from "../protocol/errors.ts";

/** The entity tag of a version, for example `"3"`. */
export const etag = (version: number): string => `"${version}"`;

/**
 * Read the versions in `If-Match`; `undefined` if any version matches. A weak tag matches no version.
 * @throws CollabError `invalid_request` when it has no entity tag, most likely because the quotes are missing
 */
export function ifMatch(header: string | null): number[] | undefined {
  if (header === null || header.trim() === "*") return undefined;
  const found = parseTags(header);
  if (found.length === 0)
    throw new CollabError("invalid_request", {
      detail: 'If-Match must be a version in quotes, such as "3".',
    });
  return found.flatMap(({ weak, version }) => (weak ? [] : version));
}

/** Read the versions in `If-None-Match`, or `"any"` for `*`. */
export function ifNoneMatch(header: string | null): number[] | "any" {
  if (header?.trim() === "*") return "any";
  return parseTags(header ?? "").flatMap(({ version }) => version);
}

function parseTags(header: string): { weak: boolean; version: number[] }[] {
  const list = header.matchAll(/(?:^|,)\s*(W\/)?"([^"]*)"\s*(?=,|$)/g);
  return Array.from(list, ([, weak, tag = ""]) => ({
    weak: weak !== undefined,
    // A tag that is not a version matches nothing.
    version: /^(0|[1-9]\d{0,15})$/.test(tag) ? [Number(tag)] : [],
  }));
}
