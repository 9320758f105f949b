// Keeps an error in one part of a page from blanking the whole page: the part shows a notice and offers a reload, and
// the rest keeps working. React has no hook for this.

import { Component, type ReactNode } from "react";

type Props = { readonly children: ReactNode };

/** Give it a `key` that changes with its content, so that new content is rendered again. */
export class FaultBoundary extends Component<Props, { readonly hasFailed: boolean }> {
  static getDerivedStateFromError = () => ({ hasFailed: true });

  override state = { hasFailed: false };

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="blank" data-kind="fault">
        <p role="alert">Something went wrong in this part of the page. The room is not affected.</p>
        <button className="primary" onClick={() => location.reload()}>
          Reload the page
        </button>
      </div>
    );
  }
}
