// Keeps a fault in one part of a page from blanking all of it: the part says so and offers a reload, and the rest
// works on. React has no hook for this.

import { Component, type ReactNode } from "react";

type Props = { readonly children: ReactNode };

/** Give it a `key` that changes with its content, so that other content gets a new try. */
export class FaultBoundary extends Component<Props, { readonly hasFailed: boolean }> {
  static getDerivedStateFromError = () => ({ hasFailed: true });

  override state = { hasFailed: false };

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="blank" data-kind="fault">
        <p role="alert">
          This part of the page cannot be shown, because of a fault in the page. The room is not
          affected.
        </p>
        <button className="primary" onClick={() => location.reload()}>
          Reload the page
        </button>
      </div>
    );
  }
}
