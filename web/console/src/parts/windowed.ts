// Which rows of a long table are worth drawing: fixed row height, spacers above and below.
import { type RefObject, useLayoutEffect, useState } from "react";

/** Drawn beyond the edges, so that fast scrolling shows no gap. */
const OVERSCAN_ROWS = 10;

export interface RowWindow {
  first: number;
  /** One past the last. */
  end: number;
}

export function rowsInView(scrollTop: number, height: number, rowHeight: number, count: number): RowWindow {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN_ROWS);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN_ROWS);
  return { first: Math.min(first, count), end };
}

export function useRowWindow(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): RowWindow {
  const [view, setView] = useState<RowWindow>({ first: 0, end: Math.min(count, 60) });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const measure = () =>
      setView((before) => {
        const next = rowsInView(element.scrollTop, element.clientHeight, rowHeight, count);
        return next.first === before.first && next.end === before.end ? before : next;
      });
    measure();
    const size = new ResizeObserver(measure);
    size.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      size.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [scroller, count, rowHeight]);
  return view;
}
