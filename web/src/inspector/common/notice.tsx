// Shown in place of content: one sentence and one button.

import type { ReactNode } from "react";
import { roomsAddress } from "../address.ts";
import { useAccess } from "./access.tsx";
import type { Problem } from "./api.ts";

type Props = {
  readonly kind: string;
  readonly sentence: ReactNode;
  readonly children?: ReactNode;
};

export const Notice = ({ kind, sentence, children }: Props) => (
  <div className="blank" data-kind={kind}>
    <p role="status">{sentence}</p>
    {children}
  </div>
);

export const Loading = ({ what }: { what: string }) => (
  <Notice kind="loading" sentence={`Loading ${what}…`} />
);

export const Nowhere = () => (
  <Notice kind="gone" sentence="There is no page at this address.">
    <a className="primary" href={roomsAddress()}>
      Show all rooms
    </a>
  </Notice>
);

type FailedProps = { readonly problem: Problem; onRetry(): void };

/** Says why something could not be loaded. */
export function Failed({ problem, onRetry }: FailedProps) {
  const { leave } = useAccess();
  if (problem.code === "forbidden")
    return (
      <Notice
        kind="forbidden"
        sentence="This token does not give you access here. You need the room:admin scope."
      >
        <button className="primary" onClick={leave}>
          Use another token
        </button>
      </Notice>
    );
  return (
    <Notice kind="failed" sentence={problemText(problem)}>
      <button className="primary" onClick={onRetry}>
        Try again
      </button>
    </Notice>
  );
}

export function problemText({ code, message, reason, issues }: Problem): string {
  if (code === "unreachable") return "Can’t reach the service.";
  const more = issues.map(({ path, message: text }) => `${path || "value"}: ${text}`);
  return [message, reason && `Reason: ${reason}.`, ...more].filter(Boolean).join(" ");
}
