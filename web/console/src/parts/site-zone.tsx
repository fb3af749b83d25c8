// Names the zone of the times on a page, for a reader whose own clock shows another time.
import { serverNow } from "../live/clock";
import { useText } from "../text";
import { otherZone } from "../text/site-time";

export function SiteZone() {
  const t = useText();
  const zone = otherZone(serverNow());
  return zone === undefined ? null : <span className="as-of">{t("site.time", { zone })}</span>;
}
