// Conditional requests (RFC 9110, section 13): an entity tag here is a version in quotes.

import { CollabError } from "../protocol/errors.ts";

/** The entity tag of a version. */
export const etag = (version: number): string => `"${version}"`;

/**
 * Versions that `If-Match` takes; `undefined` when any will do. A weak tag matches nothing.
 * @throws CollabError `invalid_request` when there is no tag in it: most likely the quotes are missing
 */
export function ifMatch(header: string | null): number[] | undefined {
  if (header === null || header.trim() === "*") return undefined;
  const found = tags(header);
  if (found.length === 0)
    throw new CollabError("invalid_request", {
      detail: 'If-Match takes a version in quotes, such as "3".',
    });
  return found.flatMap(({ weak, version }) => (weak ? [] : version));
}

/** Versions that `If-None-Match` names, or `"any"` for `*`. */
export function ifNoneMatch(header: string | null): number[] | "any" {
  if (header?.trim() === "*") return "any";
  return tags(header ?? "").flatMap(({ version }) => version);
}

function tags(header: string): { weak: boolean; version: number[] }[] {
  const list = header.matchAll(/(?:^|,)\s*(W\/)?"([^"]*)"\s*(?=,|$)/g);
  return Array.from(list, ([, weak, tag = ""]) => ({
    weak: weak !== undefined,
    // A tag that is no version of ours matches nothing.
    version: /^(0|[1-9]\d{0,15})$/.test(tag) ? [Number(tag)] : [],
  }));
}
