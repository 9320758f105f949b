// Read the changes since a version, as far back as the journal reaches (rule H9).

import { CollabError } from "../../protocol/errors.ts";
import { changeData } from "../../model/observer.ts";
import type { Resume } from "../../model/session-attachment.ts";
import { runningOperation } from "../operation.ts";

/** Characters on a page, beyond its first change. */
const pageCharacters = 1024 * 1024;

/** Returns `{ epoch, from, to, changes, more? }` as JSON text. */
export const getChanges = runningOperation({
  scope: "room:read",
  sees: "snapshot",
  repeatable: true,
  decode: (input: Resume) => input,
  run({ document, record }, { epoch, since }): string {
    const all = epoch === record.epoch ? document.changesSince(since) : null;
    if (all === null) throw new CollabError("changes_gone");
    const texts: string[] = [];
    let characters = 0;
    let to = since;
    for (const change of all) {
      characters += change.patch.length;
      if (texts.length > 0 && characters > pageCharacters) break;
      texts.push(changeData(change));
      ({ to } = change);
    }
    const more = texts.length < all.length ? `,"more":true` : "";
    const head = `"epoch":${JSON.stringify(epoch)},"from":${since},"to":${to}`;
    return `{${head},"changes":[${texts.join(",")}]${more}}`;
  },
});
