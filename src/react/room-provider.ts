// Gives a room to the components below it: one that the application holds, or one that is connected for as long as the
// provider is mounted. Rendering has no effect: the room is made without a connection, and connects on mount.

import {
  createElement,
  Suspense,
  useEffect,
  useState,
  type Context,
  type FunctionComponent,
  type ReactNode,
} from "react";
import type { ConnectOptions, Room } from "../client/types.ts";
import { useLatest } from "./use-latest.ts";

export type Connect = <T, P>(options: ConnectOptions<P>) => Room<T, P>;

export type RoomProviderProps<T, P = unknown> =
  | {
      /** A room that the application has connected; unmounting does not disconnect it. */
      readonly room: Room<T, P>;
      readonly options?: never;
      readonly children?: ReactNode;
    }
  | {
      /**
       * Connect on mount, and disconnect on unmount. Another `url` or `room` is another room, and remounts the
       * children; `token` is always the latest one. The other options are read only when the provider mounts.
       */
      readonly options: Omit<ConnectOptions<P>, "connect">;
      readonly room?: never;
      /** Shown while a hook from `suspense` waits. A boundary above the provider would keep it from connecting. */
      readonly fallback?: ReactNode;
      readonly children?: ReactNode;
    };

type OptionsProps<T, P> = Extract<RoomProviderProps<T, P>, { readonly room?: never }>;

export function createRoomProvider<T, P>(
  { Provider }: Context<Room<T, P> | null>,
  connect: Connect,
): FunctionComponent<RoomProviderProps<T, P>> {
  function Connected({ options, fallback, children }: OptionsProps<T, P>) {
    const latest = useLatest(options);
    const [held] = useState(
      () =>
        new HeldRoom<T, P>(
          connect<T, P>({
            ...options,
            ...(options.token && { token: () => latest.current.token?.() ?? "" }),
            connect: false,
          }),
        ),
    );
    useEffect(() => held.hold(), [held]);
    return createElement(
      Provider,
      { value: held.room },
      createElement(Suspense, { fallback }, children),
    );
  }
  return function RoomProvider(props: RoomProviderProps<T, P>) {
    if (props.room !== undefined)
      return createElement(Provider, { value: props.room }, props.children);
    const { url, room } = props.options;
    return createElement(Connected, { key: JSON.stringify([url, room]), ...props });
  };
}

/** A room that is connected while it is held. */
class HeldRoom<T, P> {
  readonly room: Room<T, P>;
  #state: "closed" | "held" | "ending" = "closed";

  constructor(room: Room<T, P>) {
    this.room = room;
  }

  /** @returns a function that ends it. Holding it again at once, as StrictMode does, finds it unchanged. */
  hold(): () => void {
    if (this.#state === "closed") this.room.reconnect();
    this.#state = "held";
    return () => {
      this.#state = "ending";
      void Promise.resolve().then(() => {
        if (this.#state !== "ending") return;
        this.#state = "closed";
        this.room.disconnect();
      });
    };
  }
}
