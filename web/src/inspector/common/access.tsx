// With which token the page asks. A service with authentication off needs none; any other is asked with the one that is
// put into the field. It stays in this tab's session storage, and is in no address. Where the service refuses a token,
// the page waits below the field, with all that was typed into it, and goes on with the next one.

import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { Api, type Problem } from "./api.ts";
import { TokenForm } from "./token-form.tsx";

type Access = {
  readonly api: Api;
  readonly hasToken: boolean;
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

/** `refused`: the page waits for another token. `left`: it begins anew with the next one. */
type Question = {
  readonly kind: "refused" | "left";
  readonly sentence: string;
  answer(token: string): void;
};

export function AccessGate({ children }: { children: ReactNode }) {
  const [hasToken, setHasToken] = useState(() => keptToken() !== null);
  const [question, setQuestion] = useState<Question | null>(null);
  const [api] = useState(() => {
    const askFor = (problem: Problem): Promise<string> => {
      keepToken(null);
      const { promise, resolve } = Promise.withResolvers<string>();
      setQuestion({ kind: "refused", sentence: sentenceOf(problem), answer: resolve });
      return promise;
    };
    return new Api(keptToken(), askFor);
  });
  const access = useMemo(() => {
    const leave = (): void => {
      keepToken(null);
      setQuestion({
        kind: "left",
        sentence: "Which token shall it be?",
        answer: (token) => api.setToken(token),
      });
    };
    return { api, hasToken, leave };
  }, [api, hasToken]);
  return (
    <AccessContext value={access}>
      {question?.kind === "left" ? <main /> : children}
      {question && (
        <TokenForm
          sentence={question.sentence}
          onToken={(token) => {
            keepToken(token);
            setHasToken(true);
            setQuestion(null);
            question.answer(token);
          }}
        />
      )}
    </AccessContext>
  );
}

function sentenceOf({ code }: Problem): string {
  if (code === "token_required") return "This service lets in only people with a token.";
  if (code === "token_expired") return "The token has expired. It takes a new one to go on.";
  return "The service does not take this token.";
}
