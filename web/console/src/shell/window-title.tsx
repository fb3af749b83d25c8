// The window's title: the page, or the call that rings, seen in the task bar when another program has the screen.
import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { useMe } from "../agent/orders";
import { useLive } from "../live/store";
import { onTick } from "../live/tick";
import { useText } from "../text";
import { masked } from "../text/format";
import { entryOf } from "./session";

export function WindowTitle() {
  const t = useText();
  const me = useMe();
  const { pathname } = useLocation();
  const entry = entryOf(pathname);
  const page = entry ? `${t(entry.word)} · ${t("product")}` : t("product");
  const caller = useLive((state) => (me?.state === "offered" && me.call ? state.calls.get(me.call)?.caller : undefined));
  const ringing = caller === undefined ? undefined : `☎ ${t("state.offered")} ${masked(caller)}`;
  useEffect(() => {
    document.title = ringing ?? page;
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    icon?.setAttribute("href", ringing === undefined ? "/favicon.svg" : "/favicon-ringing.svg");
    if (ringing === undefined) return undefined;
    return onTick(() => {
      document.title = document.title === ringing ? page : ringing;
    });
  }, [ringing, page]);
  return null;
}
