// What is new of people since the last flush, and how it becomes the messages `users` and `presence`. In a room
// that tells everybody of everybody, all clients get the same. In a sampled room (rule N1) each session follows
// some users only: its own, and those it watches.

/** What is new of a user's entry. `update`: they have joined again. */
export type UserNews = "join" | "update" | "leave";

/** What is new of a user's presence. `anew`: clients know another one than the room does, and get it in full. */
export type PresenceNews =
  | { readonly kind: "join" | "anew" | "leave" }
  /** `patch`: a merge patch, as JSON text. */
  | { readonly kind: "update"; readonly patch: string };

/** A user as a flush finds them. */
export type PersonNews = {
  readonly userId: string;
  /** What is new; `undefined` for nothing. */
  readonly user: UserNews | undefined;
  readonly presence: PresenceNews | undefined;
  /** The entry and the presence as they are now, as JSON text that is written when it is read; `null` for none. */
  readonly userText: string | null;
  readonly presenceText: string | null;
};

/** Messages as text; `null` for one that would say nothing. */
export type PeopleTexts = { readonly users: string | null; readonly presence: string | null };

type Lists = { readonly joins: string[]; readonly updates: string[]; readonly leaves: string[] };

const emptyLists = (): Lists => ({ joins: [], updates: [], leaves: [] });

/** Writes what one client, or all of them, are told. */
export class PeopleWriter {
  readonly #users = emptyLists();
  readonly #presence = emptyLists();

  /**
   * Tell of a user.
   * @param wasFollowed whether the client was told of them before
   * @param isFollowed whether it is from now on
   */
  add(person: PersonNews, wasFollowed = true, isFollowed = true): void {
    this.#addUser(person, wasFollowed, isFollowed);
    this.#addPresence(person, wasFollowed, isFollowed);
  }

  #addUser(
    { userId, user, userText }: PersonNews,
    wasFollowed: boolean,
    isFollowed: boolean,
  ): void {
    const { joins, updates, leaves } = this.#users;
    const isKnown = wasFollowed && (user === undefined ? userText !== null : user !== "join");
    if (!isFollowed || userText === null) {
      if (isKnown) leaves.push(JSON.stringify(userId));
    } else if (!isKnown) joins.push(userText);
    else if (user === "update") updates.push(userText);
  }

  #addPresence(person: PersonNews, wasFollowed: boolean, isFollowed: boolean): void {
    const { userId, presence } = person;
    const { joins, updates, leaves } = this.#presence;
    const key = JSON.stringify(userId);
    if (presence?.kind === "update" && wasFollowed && isFollowed) {
      updates.push(`${key}:${presence.patch}`);
      return;
    }
    const { presenceText } = person;
    const wasThere = presence === undefined ? presenceText !== null : presence.kind !== "join";
    const isKnown = wasFollowed && wasThere;
    if (!isFollowed || presenceText === null) {
      if (isKnown) leaves.push(key);
      return;
    }
    if (isKnown && presence?.kind !== "anew") return;
    if (isKnown) leaves.push(key);
    joins.push(`${key}:${presenceText}`);
  }

  texts(): PeopleTexts {
    return {
      users: message("users", this.#users, ["[", "]"]),
      presence: message("presence", this.#presence, ["{", "}"]),
    };
  }
}

/** @param brackets around joins and updates */
function message(
  type: "users" | "presence",
  { joins, updates, leaves }: Lists,
  [open, close]: readonly [string, string],
): string | null {
  const members = [
    ...(joins.length > 0 ? [`"joins":${open}${joins.join(",")}${close}`] : []),
    ...(updates.length > 0 ? [`"updates":${open}${updates.join(",")}${close}`] : []),
    ...(leaves.length > 0 ? [`"leaves":[${leaves.join(",")}]`] : []),
  ];
  return members.length === 0 ? null : `{"type":"${type}",${members.join(",")}}`;
}
