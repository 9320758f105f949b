// Conditional requests (RFC 9110, section 13): parses the headers. The room compares the entity tags, in its turn
// (src/model/preconditions.ts). Conditions on dates are ignored, because nothing here has a modification date.

import type { EntityTags, Preconditions } from "../model/preconditions.ts";
import { CollabError } from "../protocol/errors.ts";

/** The value of the header `ETag`. */
export const etag = (tag: string): string => `"${tag}"`;

/** The headers of conditional routes, for the OpenAPI document. */
export const conditionHeaders = {
  "If-Match":
    'Do this only if the state has one of these entity tags, `"<epoch>.<version>"`, or `*`.',
  "If-None-Match": "Do this only if the state has none of these entity tags. `*` stands for all.",
};

/**
 * Read the conditions of a request.
 * @throws CollabError `invalid_request` if a header is not a list of entity tags. An invalid `If-None-Match` on a read
 * is ignored: at worst, the client gets a state that it already has.
 */
export function readConditions(headers: Headers, isSafe: boolean): Preconditions {
  const ifMatch = parseTags(headers.get("if-match"), weakNeverMatches);
  const ifNoneMatch = parseTags(headers.get("if-none-match"), weakMatches);
  if (ifMatch === "invalid") throw invalid("If-Match");
  if (ifNoneMatch !== "invalid") return { ifMatch, ifNoneMatch };
  if (!isSafe) throw invalid("If-None-Match");
  return { ifMatch };
}

/**
 * Refuse conditions on a route without entity tags. Ignoring them would do what the client has ruled out.
 * @throws CollabError `invalid_request`
 */
export function refuseConditions(headers: Headers): void {
  for (const name of Object.keys(conditionHeaders))
    if (headers.has(name))
      throw new CollabError("invalid_request", {
        detail: `This request does not support ${name}, because only the state has an entity tag. Send it without the header.`,
      });
}

/** `If-Match` uses the strong comparison, and `If-None-Match` the weak one. */
type Comparison = (tag: string, isWeak: boolean) => string[];
const weakNeverMatches: Comparison = (tag, isWeak) => (isWeak ? [] : [tag]);
const weakMatches: Comparison = (tag) => [tag];

/** Parse a list of entity tags, in which empty elements are allowed. */
function parseTags(header: string | null, compare: Comparison): EntityTags | "invalid" | undefined {
  if (header === null) return undefined;
  if (header.trim() === "*") return "any";
  const tags: string[] = [];
  const element = /[ \t]*(?:(W\/)?"([^"]*)"[ \t]*)?(,|$)/y;
  let found = 0;
  for (let separator = ","; separator === ",";) {
    const match = element.exec(header);
    if (match === null) return "invalid";
    const [, weak, tag, end = ""] = match;
    if (tag !== undefined) {
      found++;
      tags.push(...compare(tag, weak !== undefined));
    }
    separator = end;
  }
  return found === 0 ? "invalid" : tags;
}

const invalid = (name: string): CollabError =>
  new CollabError("invalid_request", {
    detail: `${name} must be * or entity tags in quotes, such as "<epoch>.<version>".`,
  });
