// Who is logged in on this page, and what their roles open.
import { useSyncExternalStore } from "react";
import { api, onSessionLost, Problem } from "../api/client";
import type { Role, User } from "../api/types";
import { startLive, stopLive } from "../live/store";
import { showTimesIn } from "../text/site-time";

/** The exchange refuses the live picture to a mere auditor. */
export function mayWatch(user: User): boolean {
  return user.roles.some((role) => role !== "auditor");
}

export type SessionState =
  | { phase: "asking" }
  | { phase: "out"; ended: boolean }
  | { phase: "in"; user: User }
  /** The exchange could not be asked. */
  | { phase: "failed"; cause: unknown };

let state: SessionState = { phase: "asking" };
const listeners = new Set<() => void>();

function enter(next: SessionState): void {
  state = next;
  if (next.phase === "in") showTimesIn(next.user.timezone);
  if (next.phase === "in" && mayWatch(next.user)) startLive();
  else stopLive();
  for (const listener of listeners) listener();
}

onSessionLost(() => {
  if (state.phase === "in") enter({ phase: "out", ended: true });
});

/** Asks whether the cookie still names a session. */
export async function askSession(): Promise<void> {
  try {
    enter({ phase: "in", user: await api.currentUser() });
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 401) enter({ phase: "out", ended: false });
    else enter({ phase: "failed", cause });
  }
}

export async function logIn(username: string, password: string): Promise<void> {
  const session = await api.logIn(username, password);
  enter({ phase: "in", user: session.user });
}

export async function logOut(): Promise<void> {
  await api.logOut();
  enter({ phase: "out", ended: false });
}

export function sessionState(): SessionState {
  return state;
}

export function useSession(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** The user of a page inside the shell, which is rendered only while somebody is logged in. */
export function useUser(): User {
  const session = useSession();
  if (session.phase !== "in") throw new Error("a page of the shell was rendered without a session");
  return session.user;
}

export interface Entry {
  to: "/agent" | "/supervisor" | "/reports/records" | "/reports/refused";
  word: "nav.agent" | "nav.supervisor" | "nav.records" | "nav.refused";
  icon: "desk" | "floor" | "records" | "refused";
  roles: readonly Role[];
}

/** In order of navigation; the first one allowed is home. */
const entries: readonly Entry[] = [
  { to: "/agent", word: "nav.agent", icon: "desk", roles: ["agent"] },
  { to: "/supervisor", word: "nav.supervisor", icon: "floor", roles: ["supervisor", "admin"] },
  { to: "/reports/records", word: "nav.records", icon: "records", roles: ["agent", "supervisor", "quality", "admin", "integrator"] },
  { to: "/reports/refused", word: "nav.refused", icon: "refused", roles: ["supervisor", "admin", "integrator"] },
];

export function allows(user: User, entry: Entry): boolean {
  if (entry.to === "/agent") return user.agent != null && user.roles.includes("agent");
  return entry.roles.some((role) => user.roles.includes(role));
}

export function entriesOf(user: User): Entry[] {
  const allowed = entries.filter((entry) => allows(user, entry));
  // A supervisor who also takes calls begins with the floor.
  return user.roles.includes("supervisor") ? [...allowed].sort((a, b) => Number(b.to === "/supervisor") - Number(a.to === "/supervisor")) : allowed;
}

/** The entry a page belongs to. */
export function entryOf(pathname: string): Entry | undefined {
  return entries.find((entry) => pathname === entry.to || pathname.startsWith(`${entry.to}/`));
}
