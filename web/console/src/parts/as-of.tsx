// "as of 14:02:11": every live panel says how old it is.
import { useLayoutEffect, useRef } from "react";
import { serverNow } from "../live/clock";
import { liveState } from "../live/store";
import { onTick } from "../live/tick";
import { useText } from "../text";
import { duration } from "../text/format";
import { clockTime } from "../text/site-time";
import { SiteZone } from "./site-zone";

const MARKED_AFTER_MS = 3_000;
const HATCHED_AFTER_MS = 30_000;

export function AsOf() {
  const t = useText();
  const element = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const write = () => {
      const node = element.current;
      if (!node) return;
      const { asOf, known } = liveState();
      const age = known ? serverNow() - asOf : 0;
      const time = known ? clockTime(asOf) : "–";
      node.textContent = age > HATCHED_AFTER_MS ? `${t("stale.old")} ${duration(age)}` : `${t("stale.asOf")} ${time}`;
      node.dataset["stale"] = age > HATCHED_AFTER_MS ? "hatched" : age > MARKED_AFTER_MS ? "marked" : "";
    };
    write();
    return onTick(write);
  });
  return (
    <span className="as-of-lines">
      <SiteZone />
      <span ref={element} className="as-of figure" aria-live="off" />
    </span>
  );
}
