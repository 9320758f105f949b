// Shows the user as idle while they do nothing on this pane.

import { useEffect, type RefObject } from "react";
import { usePresence } from "./rooms.ts";

/** ms without input until the user counts as idle. */
const patience = 30_000;

export function useIdle(element: RefObject<HTMLElement | null>): void {
  const [, setPresence] = usePresence();
  useEffect(() => {
    const pane = element.current?.closest(".pane");
    if (!pane) return;
    let isIdle = false;
    let timer: ReturnType<typeof setTimeout>;
    const show = (idle: boolean): void => {
      if (idle !== isIdle) setPresence({ status: idle ? "idle" : "online" });
      isIdle = idle;
    };
    const rest = () => show(true);
    const stir = () => {
      clearTimeout(timer);
      timer = setTimeout(rest, patience);
      show(false);
    };
    const look = () => (document.hidden ? rest() : stir());
    const signs = ["pointermove", "pointerdown", "keydown"] as const;
    for (const sign of signs) pane.addEventListener(sign, stir);
    document.addEventListener("visibilitychange", look);
    stir();
    return () => {
      clearTimeout(timer);
      for (const sign of signs) pane.removeEventListener(sign, stir);
      document.removeEventListener("visibilitychange", look);
    };
  }, [element, setPresence]);
}
