// Tells the others when somebody does nothing on this pane any more, and when they are back.

import { useEffect, type RefObject } from "react";
import { usePresence } from "./rooms.ts";

/** ms without a sign. */
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
