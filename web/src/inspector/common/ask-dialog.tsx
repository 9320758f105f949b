// Asks for confirmation before an action, and shows why it was refused. It closes only when the action succeeds or is
// cancelled.

import { useEffect, useRef, useState, type ReactNode } from "react";
import { Dialog } from "../../shared/dialog.tsx";
import { problemOf, type Problem } from "./api.ts";
import { problemText } from "./notice.tsx";

type Props = {
  readonly title: string;
  readonly button: string;
  readonly isDangerous?: boolean;
  /** A text that must be typed to confirm. */
  readonly toType?: string;
  readonly isDisabled?: boolean;
  readonly isWide?: boolean;
  act(): Promise<void>;
  onClose(): void;
  /** Replaces the default text of a problem. */
  tell?(problem: Problem): ReactNode;
  readonly children: ReactNode;
};

const firstField = "input:checked, input:not([type=radio]), textarea, button";

export function AskDialog({
  title,
  button,
  isDangerous = false,
  toType,
  isDisabled = false,
  isWide = false,
  act,
  onClose,
  tell = problemText,
  children,
}: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // By default, the close button would get the focus. Without a field, the harmless button gets it.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>(firstField)?.focus();
  }, []);
  const go = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose} isWide={isWide}>
      <form
        ref={form}
        className="ask"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        {children}
        {toType !== undefined && (
          <label className="field">
            <span>
              Type <code dir="auto">{toType}</code> to confirm
            </span>
            <input
              dir="auto"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={({ target }) => setTyped(target.value)}
            />
          </label>
        )}
        {problem && (
          <div className="refusal" role="alert">
            {tell(problem)}
          </div>
        )}
        <div className="ask-buttons">
          <button type="button" className="plain-button" onClick={onClose}>
            Cancel
          </button>
          <button
            className={isDangerous ? "primary danger" : "primary"}
            disabled={isBusy || isDisabled || (toType !== undefined && typed !== toType)}
          >
            {isBusy ? "Working…" : button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
