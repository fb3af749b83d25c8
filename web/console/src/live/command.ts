// What becomes of something a person asked for: asked, then confirmed by the live picture, refused, or unanswered.
// A 202 is not a confirmation; only the picture is.
import { useSyncExternalStore } from "react";
import { Problem } from "../api/client";
import { liveState, subscribeLive } from "./store";
import type { LiveState } from "./state";

/** After this long without a fact the screen says "not confirmed". */
export const UNANSWERED_MS = 5_000;
/** How long a refusal stays at its button. */
export const REFUSAL_SHOWN_MS = 6_000;

export interface Order {
  /** Sends it; the same key again has one effect. */
  send: (key: string) => Promise<void>;
  /** True once the live picture shows what was asked for. */
  confirmed: (state: LiveState) => boolean;
}

export type CommandState =
  | { phase: "idle" }
  | { phase: "asked"; order: Order; key: string }
  | { phase: "unanswered"; order: Order; key: string }
  | { phase: "refused"; problem: Problem };

export type CommandEvent =
  | { type: "ask"; order: Order; key: string }
  | { type: "picture"; state: LiveState }
  | { type: "refuse"; key: string; problem: Problem }
  | { type: "late"; key: string }
  | { type: "forget" };

export const IDLE: CommandState = { phase: "idle" };

export function step(state: CommandState, event: CommandEvent): CommandState {
  const pending = state.phase === "asked" || state.phase === "unanswered" ? state : undefined;
  switch (event.type) {
    case "ask":
      return state.phase === "asked" ? state : { phase: "asked", order: event.order, key: event.key };
    case "picture":
      return pending?.order.confirmed(event.state) ? IDLE : state;
    case "refuse":
      return pending?.key === event.key ? { phase: "refused", problem: event.problem } : state;
    case "late":
      return state.phase === "asked" && state.key === event.key ? { ...state, phase: "unanswered" } : state;
    case "forget":
      return state.phase === "asked" ? state : IDLE;
  }
}

const commands = new Map<string, CommandState>();
const listeners = new Set<() => void>();
let keysMade = 0;
const page = Math.random().toString(36).slice(2);

function put(name: string, event: CommandEvent): CommandState {
  const before = commands.get(name) ?? IDLE;
  const next = step(before, event);
  if (next === before) return before;
  if (next === IDLE) commands.delete(name);
  else commands.set(name, next);
  for (const listener of listeners) listener();
  return next;
}

/** Asks under `name`; while one of that name is under way, pressing again does nothing. */
export function command(name: string, order: Order): void {
  if (commands.get(name)?.phase === "asked") return;
  keysMade += 1;
  run(name, order, `${page}-${keysMade}`);
}

/** Repeats an unanswered command under its own key. */
export function again(name: string): void {
  const state = commands.get(name);
  if (state?.phase === "unanswered") run(name, state.order, state.key);
}

export function forget(name: string): void {
  put(name, { type: "forget" });
}

function run(name: string, order: Order, key: string): void {
  put(name, { type: "ask", order, key });
  setTimeout(() => put(name, { type: "late", key }), UNANSWERED_MS);
  order.send(key).then(
    () => put(name, { type: "picture", state: liveState() }),
    (cause: unknown) => refused(name, key, cause),
  );
}

function refused(name: string, key: string, cause: unknown): void {
  // No answer at all is not a refusal: the command may have arrived, so it stays asked and becomes "not confirmed".
  if (!(cause instanceof Problem) || cause.status === 0) return;
  const after = put(name, { type: "refuse", key, problem: cause });
  if (after.phase !== "refused" || after.problem !== cause) return;
  setTimeout(() => {
    if (commands.get(name) === after) forget(name);
  }, REFUSAL_SHOWN_MS);
}

subscribeLive(() => {
  for (const name of commands.keys()) put(name, { type: "picture", state: liveState() });
});

export function useCommand(name: string): CommandState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => commands.get(name) ?? IDLE,
  );
}
