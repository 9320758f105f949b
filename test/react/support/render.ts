// Renders components into a happy-dom page, and counts their renders. A test that uses it begins with
// `@vitest-environment happy-dom`.

import { act, createElement, StrictMode, type FunctionComponent, type ReactNode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import type { Document, HTMLElement } from "happy-dom";
import { onTestFinished } from "vitest";

const world = globalThis as unknown as {
  document: Document;
  IS_REACT_ACT_ENVIRONMENT?: boolean;
};

type Options = {
  readonly isStrict?: boolean;
  /** What the server has rendered. React hydrates it. */
  readonly html?: string;
  /** Receives the errors that React recovers from, such as a hydration mismatch. */
  readonly onRecoverableError?: (error: unknown) => void;
};

export type Page = {
  readonly element: HTMLElement;
  text(): string;
  render(node: ReactNode): Promise<void>;
  unmount(): Promise<void>;
};

/** Render a node, and unmount it after the test. */
export async function render(node: ReactNode, options: Options = {}): Promise<Page> {
  world.IS_REACT_ACT_ENVIRONMENT = true;
  const element = world.document.createElement("main");
  if (options.html !== undefined) element.innerHTML = options.html;
  const container = element as unknown as Parameters<typeof createRoot>[0];
  const wrapped = (inner: ReactNode) =>
    options.isStrict ? createElement(StrictMode, null, inner) : inner;
  const { onRecoverableError = rethrow } = options;
  let root: Root | null = null;
  await act(async () => {
    if (options.html === undefined) {
      root = createRoot(container, { onRecoverableError });
      root.render(wrapped(node));
    } else root = hydrateRoot(container as never, wrapped(node), { onRecoverableError });
  });
  const unmount = (): Promise<void> =>
    act(async () => {
      root?.unmount();
      root = null;
    });
  onTestFinished(unmount);
  return {
    element,
    text: () => element.textContent,
    render: (next) => act(async () => root?.render(wrapped(next))),
    unmount,
  };
}

function rethrow(error: unknown): never {
  throw error;
}

/** A component that shows the result of a hook as JSON, and records it for each render. */
export function probe<Value>(use: () => Value): {
  readonly Probe: FunctionComponent;
  readonly seen: Value[];
  last(): Value;
} {
  const seen: Value[] = [];
  return {
    seen,
    last: () => seen.at(-1) as Value,
    Probe() {
      const value = use();
      seen.push(value);
      return JSON.stringify(value) ?? "undefined";
    },
  };
}

/** Do something, and let React render it. */
export const happens = (what: () => unknown): Promise<void> =>
  act(async () => {
    await what();
  });
