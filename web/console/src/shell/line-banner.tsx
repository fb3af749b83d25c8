// What is said when the server is lost: nothing, a thin line, then a banner naming what works and what waits.
import { useEffect, useState } from "react";
import { useLine } from "../live/store";
import { onTick } from "../live/tick";
import { Icon } from "../parts/icons";
import { useText } from "../text";
import { duration } from "../text/format";

const THIN_AFTER_MS = 2_000;
const BANNER_AFTER_MS = 10_000;
const BACK_SHOWN_MS = 2_000;

/** Monotonic time, renewed each second while it matters. */
function useNow(running: boolean): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!running) return undefined;
    setNow(performance.now());
    return onTick(() => setNow(performance.now()));
  }, [running]);
  return now;
}

export function LineBanner() {
  const t = useText();
  const line = useLine();
  const lost = line.state.phase === "lost" ? line.state.since : undefined;
  const now = useNow(lost !== undefined || line.returnedAt !== undefined);
  if (lost === undefined) {
    if (line.returnedAt === undefined || now - line.returnedAt > BACK_SHOWN_MS) return null;
    const words = line.changesOnReturn > 0 ? t("line.back", { n: line.changesOnReturn }) : t("line.backFresh");
    return <div className="line-banner line-good" role="status"><Icon name="ready" />{words}</div>;
  }
  const out = now - lost;
  if (out < THIN_AFTER_MS) return null;
  if (out < BANNER_AFTER_MS) return <div className="line-thin" />;
  return (
    <div className="line-banner" role="alert">
      <Icon name="warn" />
      <strong aria-live="off">{t("line.lost", { for: duration(out) })}</strong>
      <span>{t("line.works")}</span>
      <span>{t("line.waits")}</span>
    </div>
  );
}
