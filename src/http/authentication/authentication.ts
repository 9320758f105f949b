// Identifies who sends a request. Access is closed by default (rule A2): a deployment without authentication serves
// nobody.
//
//   AUTH_MODE=open ───────────▶ anybody, with every scope
//   createCollab's authenticate ▶ the identity that it returns
//   keys in the environment ───▶ the identity in the token (rule A1)

import type { CollabEnv } from "../../cloudflare/env.ts";
import { CollabError } from "../../protocol/errors.ts";
import { openIdentity, type Identity } from "../../protocol/identity.ts";
import { checkScopes } from "../../protocol/scopes.ts";
import { isTime } from "../../protocol/time.ts";
import { checkUser } from "../../model/user.ts";
import { createLog, describe } from "../../room/log.ts";
import { isToken, readToken } from "./credentials.ts";
import { readKeys, type KeyVariables, type TokenKeys } from "./keys.ts";
import { checkOrigin, type OriginPolicy } from "./origins.ts";
import { grantsOf, verifyToken } from "./tokens.ts";

/**
 * The application's own authentication, which replaces the built-in one. It must not read the body.
 * @returns who sent the request, or a response that refuses it
 */
export type Authenticate = (
  request: Request,
  env: CollabEnv,
) => Identity | Response | Promise<Identity | Response>;

export type Authentication = {
  /**
   * Authenticate a request, and check its origin.
   * @throws CollabError `auth_not_configured`, `token_required`, `invalid_token`, `token_expired`, `auth_unavailable`,
   * `origin_refused`; a Response of the application's own
   */
  identify(request: Request, env: CollabEnv): Promise<Identity>;
  /** The identity in a token, for a session that renews its token. @throws CollabError */
  identifyToken(token: string, env: CollabEnv): Promise<Identity>;
};

/** Thrown to refuse a request with the application's own response. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly response: Response;

  constructor(response: Response) {
    super("The application's authenticate function refused the request.");
    this.response = response;
  }
}

/** @param custom the application's own authentication */
export function createAuthentication(custom?: Authenticate): Authentication {
  return {
    async identify(request, env) {
      const method = methodOf(env, custom);
      checkOrigin(request, env.ALLOWED_ORIGINS, method.origins);
      return method.identify(request);
    },
    async identifyToken(token, env) {
      if (!isToken(token)) throw new CollabError("invalid_token");
      const headers = { authorization: `Bearer ${token}` };
      try {
        return await methodOf(env, custom).identify(new Request("https://room/", { headers }));
      } catch (error) {
        if (error instanceof Refusal) throw new CollabError("invalid_token");
        if (error instanceof CollabError) throw error;
        const instance = crypto.randomUUID();
        createLog()("internal", { instance, error: describe(error) });
        throw new CollabError("internal", { instance });
      }
    },
  };
}

/**
 * Check what the application's own function has returned.
 * @throws TypeError if it is not an identity; CollabError `token_expired`
 */
function checkIdentity({ user, scopes, expiresAt = null }: Identity): Identity {
  if (expiresAt !== null && !isTime(expiresAt))
    throw new TypeError("authenticate returned an expiresAt that is not a time in epoch ms");
  if (expiresAt !== null && expiresAt <= Date.now()) throw new CollabError("token_expired");
  try {
    return {
      // Only `null` means a program without a user. Any other value that is not a user is a mistake.
      user: user === null ? null : checkUser(user),
      ...(scopes !== undefined && {
        scopes: Array.isArray(scopes) ? checkScopes(scopes) : grantsOf(scopes),
      }),
      expiresAt,
    };
  } catch (cause) {
    throw new TypeError(`authenticate did not return an identity: ${describe(cause)}`, { cause });
  }
}

type Method = { readonly origins: OriginPolicy; identify(request: Request): Promise<Identity> };

function methodOf(env: CollabEnv, custom: Authenticate | undefined): Method {
  // No foreign page must use a service on this machine, or a browser's cookies.
  if (env.AUTH_MODE === "open")
    return { origins: "local", identify: async () => (warnOnce(), openIdentity) };
  if (custom)
    return {
      origins: "same",
      async identify(request) {
        const answer = await custom(request, env);
        if (answer instanceof Response) throw new Refusal(answer);
        return checkIdentity(answer);
      },
    };
  const keys = keysOf(env);
  // Browsers never send a token by themselves, so any page that has one may use it.
  return {
    origins: "any",
    identify: async (request) => {
      const token = readToken(request);
      try {
        return await verifyToken(token, keys, env);
      } catch (error) {
        if (error instanceof CollabError && error.code === "auth_unavailable")
          createLog()("auth_unavailable", { error: describe(error.cause) });
        throw error;
      }
    },
  };
}

/** The keys read most recently, and the variables they were read from. */
let known: { readonly from: string; readonly keys: TokenKeys | null } | null = null;

/** @throws CollabError `auth_not_configured` */
function keysOf(env: KeyVariables): TokenKeys {
  const { AUTH_SECRET, AUTH_JWKS, AUTH_JWKS_URL } = env;
  const from = JSON.stringify([AUTH_SECRET, AUTH_JWKS, AUTH_JWKS_URL]);
  if (known?.from !== from) known = { from, keys: readOrNull(env) };
  if (known.keys === null) throw new CollabError("auth_not_configured");
  return known.keys;
}

function readOrNull(env: KeyVariables): TokenKeys | null {
  try {
    return readKeys(env);
  } catch (error) {
    const reason = error instanceof TypeError ? error.message : "a variable cannot be read";
    createLog()("auth_misconfigured", { reason });
    return null;
  }
}

let isWarned = false;

function warnOnce(): void {
  if (isWarned) return;
  isWarned = true;
  createLog()("auth_open", {
    text: "AUTH_MODE=open: every request that reaches this Worker can read and change every room.",
  });
}
