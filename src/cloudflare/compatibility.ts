// Checks that the Worker's compatibility date and flags give the code what it needs from the runtime. Outside workerd,
// for example in a Node test, the flags are not visible and nothing is checked.

import { createLog } from "../room/log.ts";

/** The Worker's flags, on or off, including those that its compatibility date turns on. */
export type RuntimeFlags = Readonly<Record<string, boolean>>;

/** The first compatibility date that has all of `needed`. */
export const minimumDate = "2026-02-24";

/** Flags without which a room would fail or misbehave. */
const needed = [
  "rpc", // calls to an object's methods, with functions as arguments
  "delete_all_deletes_alarm", // without it, emptying the storage would leave an alarm that the room no longer knows of
] as const;

type Wish = {
  /** The flag to add to `compatibility_flags`. */
  readonly flag: string;
  readonly isMet: (flags: RuntimeFlags) => boolean;
};

/** Flags that a room should have but does not require. docs/guides/deploying.md says what each is for. */
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

/** The flags of this runtime; `null` if they are not visible. */
const runtimeFlags = (): RuntimeFlags | null =>
  typeof Cloudflare === "undefined" ? null : Cloudflare.compatibilityFlags;

/** @throws Error if rooms cannot run with these flags; the message has the line for wrangler.toml */
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

/** Log the missing flags, once per isolate. */
export function reportCompatibility(): void {
  if (hasReported) return;
  hasReported = true;
  const flags = missingFlags();
  if (flags.length === 0) return;
  const list = flags.map((flag) => `"${flag}"`).join(", ");
  createLog()("flags_missing", {
    text: `Add these flags to those in wrangler.toml: compatibility_flags = [${list}]`,
  });
}
