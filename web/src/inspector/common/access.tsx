// With which token the page asks. A service with authentication off needs none; any other is asked with the one that is
// put into the field. It stays in this tab's session storage, and is in no address.

import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { Api, type Problem } from "./api.ts";
import { TokenForm } from "./token-form.tsx";

type Access = {
  readonly api: Api;
  /** Ask for another token. */
  readonly leave: () => void;
};

const AccessContext = createContext<Access | null>(null);

export function useAccess(): Access {
  const access = use(AccessContext);
  if (!access) throw new Error("There is no AccessGate around.");
  return access;
}

export const useApi = (): Api => useAccess().api;

const key = "inspector-token";

function keptToken(): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function keepToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, token);
  } catch {
    // Without storage, a reload asks again.
  }
}

export function AccessGate({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(keptToken);
  const [refusal, setRefusal] = useState<string | null>(null);
  const access = useMemo(() => {
    const ask = (why: string) => {
      keepToken(null);
      setToken(null);
      setRefusal(why);
    };
    return {
      api: new Api(token, (problem) => ask(sentenceOf(problem))),
      leave: () => ask("Which token shall it be?"),
    };
  }, [token]);
  if (refusal !== null)
    return (
      <TokenForm
        sentence={refusal}
        onToken={(next) => {
          keepToken(next);
          setToken(next);
          setRefusal(null);
        }}
      />
    );
  return <AccessContext value={access}>{children}</AccessContext>;
}

function sentenceOf({ code }: Problem): string {
  if (code === "token_required") return "This service lets in only people with a token.";
  if (code === "token_expired") return "The token has expired. It takes a new one to go on.";
  return "The service does not take this token.";
}
