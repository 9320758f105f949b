// Read the journal, newest first: who changed the state, when, and how (rule V1).

import { decodeAuthors } from "../../model/authors.ts";
import { isReadable } from "../../model/history.ts";
import type { Change } from "../../protocol/history.ts";
import type { JournalRow } from "../../protocol/inspection.ts";
import { utf8Bytes } from "../../protocol/json.ts";
import { isoTime, isTime } from "../../protocol/time.ts";
import { runningOperation } from "../operation.ts";

export type JournalInput = {
  /** The highest version to which the page's rows may lead; the present one if omitted. */
  readonly upTo?: number | undefined;
  readonly limit: number;
};

/** Characters of the patches on a page, beyond its first row. */
const pageCharacters = 1024 * 1024;

/** Returns a `JournalPage` as JSON text. */
export const getJournal = runningOperation({
  scope: "room:admin",
  repeatable: true,
  decode: (input: JournalInput) => input,
  run({ ports, document, record }, { upTo = Infinity, limit }): string {
    const { version } = document;
    const found = ports.storage.readJournal(Math.min(upTo, version), limit + 1);
    const rows: string[] = [];
    let characters = 0;
    let next: number | null = null;
    for (const change of found) {
      characters += change.patch.length;
      if (rows.length === limit || (rows.length > 0 && characters > pageCharacters)) {
        next = change.to;
        break;
      }
      rows.push(rowText(change));
    }
    const start = ports.storage.measureJournal().start ?? version;
    const head = JSON.stringify({ epoch: record.epoch, version, start });
    const tail = next === null ? "" : `,"next":${next}`;
    return `${head.slice(0, -1)},"rows":[${rows.join(",")}]${tail}}`;
  },
});

/** A row as JSON text. Its patch is already text. */
function rowText({ from, to, at, authors, patch }: Change): string {
  const row: Omit<JournalRow, "patch"> = {
    from,
    to,
    ...(isTime(at) && { at: isoTime(at) }),
    authors: authors === undefined ? [] : decodeAuthors(authors),
    bytes: utf8Bytes(patch),
  };
  return `${JSON.stringify(row).slice(0, -1)},"patch":${isReadable(patch) ? patch : "null"}}`;
}
