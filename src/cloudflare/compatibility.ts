// What the code needs of the runtime that depends on the compatibility date and flags of the Worker, checked where
// it can be seen. Elsewhere, as in a test in Node, there is nothing to check.

import { createLog } from "../room/log.ts";

/** The flags of the Worker, on or off: those that its date brings, too. */
export type RuntimeFlags = Readonly<Record<string, boolean>>;

/** The first compatibility date that has all of `needed`. */
export const minimumDate = "2026-02-24";

/** What a room would fail without, or do wrong. */
const needed = [
  "rpc", // calls of an object's methods, with functions as arguments
  "delete_all_deletes_alarm", // otherwise a room that has emptied its storage believes that it has no alarm
] as const;

type Wish = {
  /** What to put into `compatibility_flags`. */
  readonly flag: string;
  readonly isMet: (flags: RuntimeFlags) => boolean;
};

/** What a room runs without, but not as well. docs/guides/deploying.md says what each is for. */
const wanted: readonly Wish[] = [
  {
    flag: "no_web_socket_compression",
    isMet: ({ web_socket_compression }) => web_socket_compression === false,
  },
  {
    flag: "enable_request_signal",
    isMet: ({ enable_request_signal }) => enable_request_signal === true,
  },
  {
    flag: "nodejs_als",
    isMet: ({ nodejs_als, nodejs_compat }) => nodejs_als === true || nodejs_compat === true,
  },
];

/** The flags that this runs with; `null` where there are none to see. */
const runtimeFlags = (): RuntimeFlags | null =>
  typeof Cloudflare === "undefined" ? null : Cloudflare.compatibilityFlags;

/** @throws Error if rooms cannot run with these flags; it says what to write into wrangler.toml */
export function checkCompatibility(flags = runtimeFlags()): void {
  const missing = flags === null ? undefined : needed.find((flag) => flags[flag] !== true);
  if (missing === undefined) return;
  throw new Error(
    `collab-room cannot run with the compatibility date of this Worker, which leaves "${missing}" off. Put this line into wrangler.toml, or a later date: compatibility_date = "${minimumDate}"`,
  );
}

/** The flags that should be added to `compatibility_flags`. */
export const missingFlags = (flags = runtimeFlags()): readonly string[] =>
  flags === null ? [] : wanted.filter(({ isMet }) => !isMet(flags)).map(({ flag }) => flag);

let hasReported = false;

/** Log once per isolate what should be added to wrangler.toml. */
export function reportCompatibility(): void {
  if (hasReported) return;
  hasReported = true;
  const flags = missingFlags();
  if (flags.length === 0) return;
  const list = flags.map((flag) => `"${flag}"`).join(", ");
  createLog()("flags_missing", {
    text: `Put this line into wrangler.toml, with the flags that are there already: compatibility_flags = [${list}]`,
  });
}
