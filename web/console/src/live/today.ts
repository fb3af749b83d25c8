// The site's day, for what is counted or listed by day.
import { useSyncExternalStore } from "react";
import { day } from "../text/site-time";
import { serverNow } from "./clock";
import { onTick } from "./tick";

/** `2026-11-20`; renders again when the site's midnight comes. */
export function useToday(): string {
  return useSyncExternalStore(onTick, () => day(serverNow()));
}
