// Turns the changes to people since the last flush into the messages `users` and `presence`. In a room that is not
// sampled, all clients receive the same messages. In a sampled room (rule N1), each session follows only some users:
// its own, and those it watches.

/** A change to a user's entry. `update`: the user has rejoined. */
export type UserNews = "join" | "update" | "leave";

/** A change to a user's presence. `anew`: clients have an outdated presence and receive the new one in full. */
export type PresenceNews =
  | { readonly kind: "join" | "anew" | "leave" }
  /** `patch`: a merge patch, as JSON text. */
  | { readonly kind: "update"; readonly patch: string };

/** The changes to one user at a flush. */
export type PersonNews = {
  readonly userId: string;
  /** The changes; `undefined` for none. */
  readonly user: UserNews | undefined;
  readonly presence: PresenceNews | undefined;
  /** The current entry and presence as JSON text, serialized lazily; `null` for none. */
  readonly userText: string | null;
  readonly presenceText: string | null;
};

/** Messages as text; `null` for an empty one. */
export type PeopleTexts = { readonly users: string | null; readonly presence: string | null };

type Lists = { readonly joins: string[]; readonly updates: string[]; readonly leaves: string[] };

const emptyLists = (): Lists => ({ joins: [], updates: [], leaves: [] });

/** Writes the messages for one client, or for all of them. */
export class PeopleWriter {
  readonly #users = emptyLists();
  readonly #presence = emptyLists();

  /**
   * Add a user.
   * @param wasFollowed whether the client has followed the user so far
   * @param isFollowed whether it follows the user from now on
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
