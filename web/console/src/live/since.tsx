// Timers as text nodes: the tick writes them, React never renders them again.
import { useLayoutEffect, useRef } from "react";
import { duration } from "../text/format";
import { serverNow } from "./clock";
import { onTick } from "./tick";

function useTicking(write: () => void): void {
  const latest = useRef(write);
  useLayoutEffect(() => {
    latest.current = write;
    write();
  });
  useLayoutEffect(() => onTick(() => latest.current()), []);
}

/** How long since `at` (server time); a dash while unknown. `limitMs` marks the element when exceeded. */
export function Since({ at, limitMs }: { at: number | null | undefined; limitMs?: number }) {
  const element = useRef<HTMLSpanElement>(null);
  useTicking(() => {
    const node = element.current;
    if (!node) return;
    const passed = at == null ? undefined : Math.max(0, serverNow() - at);
    node.textContent = passed === undefined ? "–" : duration(passed);
    const over = passed !== undefined && limitMs !== undefined && passed > limitMs;
    node.dataset["over"] = over ? (passed > 2 * limitMs ? "twice" : "once") : "";
  });
  return <span ref={element} className="figure timer" aria-live="off" />;
}

/** Counts down to `at` (server time), and stops at 0:00. */
export function Until({ at }: { at: number }) {
  const element = useRef<HTMLSpanElement>(null);
  useTicking(() => {
    if (element.current) element.current.textContent = duration(Math.max(0, at - serverNow() + 999));
  });
  return <span ref={element} className="figure timer" aria-live="off" />;
}

/** The share of `fromMs`..`toMs` that is left, as the CSS variable `--left` (1 to 0) on a child-less element. */
export function Left({ from, to, className }: { from: number; to: number; className: string }) {
  const element = useRef<HTMLSpanElement>(null);
  useTicking(() => {
    const left = to > from ? Math.min(1, Math.max(0, (to - serverNow()) / (to - from))) : 0;
    element.current?.style.setProperty("--left", left.toFixed(3));
  });
  return <span ref={element} className={className} aria-hidden="true" />;
}
