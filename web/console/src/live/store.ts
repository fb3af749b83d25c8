// The one live picture of this page: joins the connection, the clock and the reducer, and tells React once per frame.
import { useSyncExternalStore } from "react";
import { api } from "../api/client";
import type { LiveFrame } from "../api/types";
import { clock } from "./clock";
import { Connection, type LineState } from "./connection";
import { apply, type LiveState, UNKNOWN } from "./state";

export interface Line {
  state: LineState;
  /** Facts that came with the last resumption, until the next one. */
  changesOnReturn: number;
  /** Monotonic moment of the last resumption. */
  returnedAt: number | undefined;
}

let state = UNKNOWN;
let line: Line = { state: { phase: "connecting" }, changesOnReturn: 0, returnedAt: undefined };
let waiting: LiveFrame[] = [];
let flushing = false;
let counting = false;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function flush(): void {
  flushing = false;
  const frames = waiting;
  waiting = [];
  const before = state;
  state = apply(state, frames);
  if (counting) {
    line = { ...line, changesOnReturn: state.factsSeen - before.factsSeen };
    counting = false;
  }
  tell();
}

function receive(frame: LiveFrame): void {
  clock.sample(frame.now, performance.now());
  waiting.push(frame);
  // A hidden page gets no animation frames and its timers are held back, yet it must ring at once.
  if (document.hidden) return flush();
  if (flushing) return;
  flushing = true;
  requestAnimationFrame(flush);
}

function lineChanged(next: LineState): void {
  const returned = line.state.phase === "lost" && next.phase === "up";
  counting ||= returned;
  line = { state: next, changesOnReturn: 0, returnedAt: returned ? performance.now() : line.returnedAt };
  tell();
}

const connection = new Connection({
  open: (cursor, message, closed) => {
    const socket = new WebSocket(api.liveAddress(cursor));
    socket.onmessage = (event) => message(String(event.data));
    socket.onclose = closed;
    return socket;
  },
  frame: receive,
  line: lineChanged,
  monotonicNow: () => performance.now(),
  random: () => Math.random(),
});

let running = false;

/** Opens the line when a session begins. */
export function startLive(): void {
  if (running) return;
  running = true;
  connection.start();
}

/** Closes the line and forgets everything seen: the next session may have other rights. */
export function stopLive(): void {
  if (!running) return;
  running = false;
  connection.stop();
  waiting = [];
  state = UNKNOWN;
  line = { state: { phase: "connecting" }, changesOnReturn: 0, returnedAt: undefined };
  tell();
}

export function refreshLive(): void {
  if (running) connection.refresh();
}

export function subscribeLive(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function liveState(): LiveState {
  return state;
}

/** `choose` must return a part of the state, or something compared by value: never a new object. */
export function useLive<Part>(choose: (state: LiveState) => Part): Part {
  return useSyncExternalStore(subscribeLive, () => choose(state));
}

export function useLine(): Line {
  return useSyncExternalStore(subscribeLive, () => line);
}
