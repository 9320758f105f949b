// The token of the page. A service with authentication off needs none; for any other, the operator pastes one into a
// field. It is kept in the session storage of the tab and never in an address. If the service rejects a token, the page
// stays open below the form with everything typed into it, and continues with the next token.

import { createContext, use, useMemo, useState, type ReactNode } from "react";
import { Api, type Problem } from "./api.ts";
import { TokenForm } from "./token-form.tsx";

type Access = {
  readonly api: Api;
  readonly hasToken: boolean;
  /** Ask for a different token. */
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
    // Without storage, a reload asks for the token again.
  }
}

/** `refused`: the page waits for another token. `left`: the page starts over with the next one. */
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
        sentence: "Enter another token.",
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
  if (code === "token_required") return "This service requires a token.";
  if (code === "token_expired") return "The token has expired. Enter a new one to continue.";
  return "The service rejected this token.";
}
