// Addresses and their pages. A route group is one chunk; filters live in the query string as plain text.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { Failed, NoPages, NotFound } from "./parts/faces";
import { entriesOf, sessionState } from "./shell/session";
import { Shell } from "./shell/shell";
import { type RecordFilter, readFilter } from "./reports/filter";

/** `?a=1&b=x`, nothing quoted: these addresses are written by people and pasted into mails. */
function readQuery(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

function writeQuery(query: Record<string, unknown>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const written = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return written ? `?${written}` : "";
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (query: Record<string, unknown>): { next?: string } => {
    const next = query["next"];
    // Only a path of this site: a full address would send a fresh session elsewhere.
    return typeof next === "string" && /^\/(?!\/)/.test(next) ? { next } : {};
  },
  beforeLoad: () => {
    if (sessionState().phase === "in") throw redirect({ to: "/" });
  },
  component: lazyRouteComponent(() => import("./login/login-page"), "LoginPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: ({ location }) => {
    if (sessionState().phase === "out") throw redirect({ to: "/login", search: location.href === "/" ? {} : { next: location.href } });
  },
  component: Shell,
  notFoundComponent: NotFound,
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    const session = sessionState();
    const first = session.phase === "in" ? entriesOf(session.user)[0] : undefined;
    if (first) throw redirect({ to: first.to });
  },
  component: NoPages,
});

const agent = createRoute({
  getParentRoute: () => shell,
  path: "/agent",
  component: lazyRouteComponent(() => import("./agent/agent-page"), "AgentPage"),
});

const supervisor = createRoute({
  getParentRoute: () => shell,
  path: "/supervisor",
  component: lazyRouteComponent(() => import("./supervisor/supervisor-page"), "SupervisorPage"),
});

const records = createRoute({
  getParentRoute: () => shell,
  path: "/reports/records",
  validateSearch: (query: Record<string, unknown>): RecordFilter => readFilter(query),
  component: lazyRouteComponent(() => import("./reports/records-page"), "RecordsPage"),
});

const record = createRoute({
  getParentRoute: () => shell,
  path: "/reports/records/$call",
  component: lazyRouteComponent(() => import("./reports/record-page"), "RecordPage"),
});

const refused = createRoute({
  getParentRoute: () => shell,
  path: "/reports/refused",
  component: lazyRouteComponent(() => import("./reports/refused-page"), "RefusedPage"),
});

// A path that is not a page still has the shell around it: the softphone stays.
const rest = createRoute({ getParentRoute: () => shell, path: "$", component: NotFound });

export const router = createRouter({
  routeTree: root.addChildren([login, shell.addChildren([home, agent, supervisor, records, record, refused, rest])]),
  parseSearch: readQuery,
  stringifySearch: writeQuery,
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: ({ error, reset }) => <Failed cause={error} retry={reset} />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
