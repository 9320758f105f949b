// The door of the virtual service: what an upgrade asks for, and in whose name. It checks what the Worker checks, and
// knows no sockets.

import type { Upgrade } from "../cloudflare/upgrade.ts";
import { actingUser, parseUser } from "../model/acting-user.ts";
import { checkUser } from "../model/user.ts";
import { CollabError } from "../protocol/errors.ts";
import { callerIn, openIdentity, type Identity } from "../protocol/identity.ts";
import { isObject, type JsonValue } from "../protocol/json.ts";
import { subprotocol } from "../protocol/messages.ts";
import { checkScopes, type Scope } from "../protocol/scopes.ts";

/** The address of the virtual service. */
export const serviceUrl = "https://rooms.test";

const bearer = "bearer.";
const parameters = ["user", "epoch", "since", "client", "behaviour", "refuse"] as const;

type DoorOptions = {
  /** Room id. */
  readonly room: string;
  /** By user id; `null` for who says only who they are. Everybody else may do everything. */
  readonly scopes: Readonly<Record<string, readonly Scope[] | null>>;
  /** The identity in a token; `null` if the net has no tokens. */
  readonly identify: ((token: string) => Identity | Promise<Identity>) | null;
};

/** The request of a client. */
export type Knock = { readonly url: string; readonly protocols: readonly string[] };

export class Door {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    for (const scopes of Object.values(options.scopes)) if (scopes !== null) checkScopes(scopes);
    this.#options = options;
  }

  /** Whether a refusal is to be told on the socket. */
  wantsClose({ url }: Knock): boolean {
    return new URL(url).searchParams.get("refuse") === "close";
  }

  /** @throws CollabError (rejects) for what the Worker refuses before it asks the room */
  async admit({ url, protocols }: Knock): Promise<Upgrade> {
    const { pathname, searchParams } = new URL(url);
    const { room } = this.#options;
    if (pathname !== `/rooms/${encodeURIComponent(room)}/socket`)
      throw new CollabError("not_found", {
        detail: `This net has the room ${JSON.stringify(room)} alone; ${pathname} is not its address.`,
      });
    const given = readQuery(searchParams);
    if (protocols.length > 0 && !protocols.includes(subprotocol))
      throw new CollabError("invalid_request", {
        detail: `The subprotocols must include ${subprotocol}.`,
      });
    const claimed = given.user === undefined ? undefined : parseUser(given.user);
    const asking = callerIn(await this.#identifyClient(protocols, claimed), room, "socket");
    const { since, epoch, client, behaviour } = given;
    return {
      request: {
        kind: "session",
        ...(epoch !== undefined && {
          resume: { since: since === undefined ? null : Number(since), epoch },
        }),
        ...(client !== undefined && { client }),
        ...(behaviour !== undefined && { behaviour }),
      },
      caller: { ...asking, user: checkUser(actingUser(asking, claimed)) },
      waiting: [],
    };
  }

  /** The identity in a token. @throws CollabError (rejects) `invalid_token` */
  async identify(token: string): Promise<Identity> {
    const { identify } = this.#options;
    // As in the open mode, in which nobody has tokens.
    return identify === null ? openIdentity : identify(token);
  }

  async #identifyClient(
    protocols: readonly string[],
    claimed: JsonValue | undefined,
  ): Promise<Identity> {
    const { identify, scopes } = this.#options;
    if (identify !== null) {
      const token = protocols.find((protocol) => protocol.startsWith(bearer));
      if (token === undefined) throw new CollabError("token_required");
      return this.identify(token.slice(bearer.length));
    }
    const id = isObject(claimed) ? claimed["id"] : undefined;
    if (typeof id !== "string" || !Object.hasOwn(scopes, id)) return openIdentity;
    return { user: checkUser(claimed), scopes: scopes[id] ?? undefined };
  }
}

type Query = { readonly [Name in (typeof parameters)[number]]?: string };

/** @throws CollabError `invalid_request` */
function readQuery(searchParams: URLSearchParams): Query {
  const query: Query = Object.fromEntries(searchParams);
  const unknown = Object.keys(query).filter((name) => !parameters.some((known) => known === name));
  const { since, epoch, client, refuse } = query;
  const problem =
    (unknown.length > 0 && `There is no parameter ${unknown.join(", ")}.`) ||
    (since !== undefined && !/^\d{1,15}$/.test(since) && '"since" must be a version.') ||
    (since !== undefined && epoch === undefined && '"since" needs "epoch".') ||
    (client !== undefined &&
      !/^[\w-]{1,64}$/.test(client) &&
      '"client" must be 1 to 64 letters, digits, "-" and "_".') ||
    (refuse !== undefined && refuse !== "close" && '"refuse" must be "close".');
  if (problem) throw new CollabError("invalid_request", { detail: problem });
  return query;
}
