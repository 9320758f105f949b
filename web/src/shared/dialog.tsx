// A modal dialog. The browser's own element traps the focus, closes on Escape and restores the focus.

import { useEffect, useId, useRef, type ReactNode } from "react";
import { Icon } from "./icon.tsx";

type Props = {
  readonly title: string;
  readonly isWide?: boolean;
  onClose(): void;
  readonly children: ReactNode;
};

export function Dialog({ title, isWide = false, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      className={isWide ? "dialog wide" : "dialog"}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={({ target }) => {
        // A click on the backdrop has the dialog itself as its target.
        if (target === ref.current) ref.current?.close();
      }}
    >
      <div className="dialog-body">
        <header>
          <h2 id={titleId}>{title}</h2>
          <button className="icon-button" aria-label="Close" onClick={() => ref.current?.close()}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
