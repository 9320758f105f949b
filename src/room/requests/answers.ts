// Answers that are kept for requests that are sent again: in memory, and as JSON in a row.

import { CollabError, errorTable, type ErrorInfo } from "../../protocol/errors.ts";
import type { Outcome } from "../outcome.ts";

/** An answer as it is kept. `output` is JSON text. */
export type Answer =
  | { readonly kind: "done"; readonly output: string }
  | { readonly kind: "refused"; readonly error: ErrorInfo }
  /** The request was carried out, but its answer is too long to keep. */
  | { readonly kind: "forgotten" };

/** Maximum characters of an answer that is kept: at 3 bytes each, they fit into a row. */
const maxAnswerCharacters = 600_000;
/** Maximum characters of a refusal that is kept whole, and of each of its texts otherwise. */
const maxRefusalCharacters = 16_384;
const maxDetailCharacters = 2000;

/**
 * The answer to keep for an outcome; `null` if it is not final: the same request may have another outcome later.
 */
export function answerOf(outcome: Outcome<string>): Answer | null {
  if ("ok" in outcome) {
    const { ok: output } = outcome;
    return output.length > maxAnswerCharacters ? { kind: "forgotten" } : { kind: "done", output };
  }
  const { info, retryable, status } = outcome.error;
  if (retryable || status >= 500) return null;
  if (JSON.stringify(info).length <= maxRefusalCharacters) return { kind: "refused", error: info };
  const { issues: _issues, detail, reason, ...rest } = info;
  const error = {
    ...rest,
    ...(detail !== undefined && { detail: detail.slice(0, maxDetailCharacters) }),
    ...(reason !== undefined && { reason: reason.slice(0, maxDetailCharacters) }),
  };
  return { kind: "refused", error };
}

/** The outcome of a request that is sent again. */
export function outcomeOf(answer: Answer): Outcome<string> {
  switch (answer.kind) {
    case "done":
      return { ok: answer.output };
    case "refused": {
      const { code, ...more } = answer.error;
      return { error: new CollabError(code, more) };
    }
    case "forgotten":
      return { error: new CollabError("request_forgotten") };
    default:
      return answer satisfies never;
  }
}

/** An answer in a row: its output, its error, or nothing if it was forgotten. */
export type StoredAnswer = readonly [] | readonly [1, output: unknown] | readonly [0, ErrorInfo];

/** An answer as the JSON text of its array items. Its output is already JSON, and is inserted unchanged. */
export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case "done":
      return `1,${answer.output}`;
    case "refused":
      return `0,${JSON.stringify(answer.error)}`;
    case "forgotten":
      return "";
    default:
      return answer satisfies never;
  }
}

export function readAnswer([isDone, value]: StoredAnswer): Answer {
  if (isDone === 1) return { kind: "done", output: JSON.stringify(value) };
  const error = value as ErrorInfo | null | undefined;
  // A code that is unknown to this release comes from a later one.
  return error && Object.hasOwn(errorTable, error.code)
    ? { kind: "refused", error }
    : { kind: "forgotten" };
}
