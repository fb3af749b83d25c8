// The frame of every page: softphone bar on top, navigation at the left, the page, and what is said about the line.
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { liveState } from "../live/store";
import { serverNow } from "../live/clock";
import { onTick } from "../live/tick";
import { Icon } from "../parts/icons";
import { NoRight } from "../parts/faces";
import { useText } from "../text";
import { allows, entriesOf, entryOf, useSession } from "./session";
import { LineBanner } from "./line-banner";
import { SoftphoneBar } from "./softphone-bar";
import { UserMenu } from "./user-menu";
import { WindowTitle } from "./window-title";
import "./shell.css";

/** Without a frame for this long the figures are marked as stale. */
const STALE_MS = 3_000;

/** Marks the whole shell once, instead of every figure asking for itself. */
function useStaleMark() {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => onTick(() => {
    const state = liveState();
    element.current?.classList.toggle("stale", state.known && serverNow() - state.asOf > STALE_MS);
  }), []);
  return element;
}

export function Shell() {
  const t = useText();
  const session = useSession();
  const element = useStaleMark();
  if (session.phase !== "in") return null;
  return (
    <div className="shell" ref={element}>
      <a className="skip" href="#content">{t("nav.skip")}</a>
      <WindowTitle />
      <header className="bar" aria-label={t("bar")}>
        <SoftphoneBar />
        <UserMenu user={session.user} />
      </header>
      <nav className="nav" aria-label={t("nav")}>
        {entriesOf(session.user).map((entry) => (
          <Link key={entry.to} to={entry.to} className="nav-link" activeProps={{ className: "nav-link nav-here", "aria-current": "page" }} search={{}}>
            <Icon name={entry.icon} size={20} />
            <span>{t(entry.word)}</span>
          </Link>
        ))}
      </nav>
      <div className="content" id="content" tabIndex={-1}>
        <Guarded />
      </div>
      <LineBanner />
    </div>
  );
}

/** The API refuses as well; this only says it in words before anything is asked. */
function Guarded() {
  const session = useSession();
  const { pathname } = useLocation();
  const entry = entryOf(pathname);
  if (entry && session.phase === "in" && !allows(session.user, entry)) return <NoRight roles={entry.roles} />;
  return <Outlet />;
}
