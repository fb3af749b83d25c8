// The window's title and icon while a call rings: seen in the task bar when another program has the screen.
import { useEffect } from "react";
import { useMe } from "../agent/orders";
import { useLive } from "../live/store";
import { onTick } from "../live/tick";
import { useText } from "../text";
import { masked } from "../text/format";

export function RingingTitle() {
  const t = useText();
  const me = useMe();
  const caller = useLive((state) => (me?.state === "offered" && me.call ? state.calls.get(me.call)?.caller : undefined));
  useEffect(() => {
    if (caller === undefined) return undefined;
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    const plain = document.title;
    const ringing = `☎ ${t("state.offered")} ${masked(caller)}`;
    let rings = true;
    document.title = ringing;
    icon?.setAttribute("href", "/favicon-ringing.svg");
    const stop = onTick(() => {
      rings = !rings;
      document.title = rings ? ringing : plain;
    });
    return () => {
      stop();
      document.title = plain;
      icon?.setAttribute("href", "/favicon.svg");
    };
  }, [caller, t]);
  return null;
}
