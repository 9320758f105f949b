// Renders components into a page of happy-dom, and counts their renders. A test that uses it begins with
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
  /** What the server has rendered: React takes it over. */
  readonly html?: string;
  /** Gets what React recovers from, such as a difference from what the server has rendered. */
  readonly onRecoverableError?: (error: unknown) => void;
};

export type Page = {
  readonly element: HTMLElement;
  text(): string;
  render(node: ReactNode): Promise<void>;
  unmount(): Promise<void>;
};

/** Render, and unmount after the test. */
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

/** A component that shows as JSON what a hook gives, and keeps it for each render. */
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

/** Let something happen, and React draw it. */
export const happens = (what: () => unknown): Promise<void> =>
  act(async () => {
    await what();
  });
