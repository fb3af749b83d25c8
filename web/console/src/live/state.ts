// The live picture of the site as a value: frames of the exchange go in, the next picture comes out.
// Pure: knows neither sockets nor clocks nor screens.
import {
  type AgentLive, type CallLive, type Changed, type EndedBy, type EndState, type FactRecord, type LiveFrame, type OfferEnd,
  type QueueLive, type RefusedLive, readFact,
} from "../api/types";

/** The exchange sends the last fifty; more on screen would only be scrolled past. */
export const REFUSED_KEPT_MAX = 50;
/** Ended calls are remembered for as long as a panel may still speak of them. */
export const ENDED_KEPT_MAX = 200;

export interface EndedOffer {
  call: CallLive | undefined;
  callId: string;
  end: OfferEnd;
  at: number;
  rangMs: number;
}

export interface EndedCall {
  state: EndState;
  by: EndedBy;
  at: number;
  /** As last seen: wrap-up still speaks of it. */
  call: CallLive | undefined;
}

/** Whose end of a call went dead. */
export type LostLeg = "caller" | "phone";

export interface LiveState {
  /** False until the first snapshot: figures are unknown, not zero. */
  known: boolean;
  cursor: string | undefined;
  /** Server time of the newest frame. */
  asOf: number;
  agents: ReadonlyMap<string, AgentLive>;
  queues: ReadonlyMap<string, QueueLive>;
  calls: ReadonlyMap<string, CallLive>;
  /** Newest first. */
  refused: readonly RefusedLive[];
  /** How each agent's last offer ended. */
  endedOffers: ReadonlyMap<string, EndedOffer>;
  endedCalls: ReadonlyMap<string, EndedCall>;
  /** By call. */
  lostLegs: ReadonlyMap<string, LostLeg>;
  /** Facts seen since the page was opened; the difference over an outage is "14 changes". */
  factsSeen: number;
}

export const UNKNOWN: LiveState = {
  known: false,
  cursor: undefined,
  asOf: 0,
  agents: new Map(),
  queues: new Map(),
  calls: new Map(),
  refused: [],
  endedOffers: new Map(),
  endedCalls: new Map(),
  lostLegs: new Map(),
  factsSeen: 0,
};

/** Applies frames in order; returns the same value when nothing in it changed. */
export function apply(state: LiveState, frames: readonly LiveFrame[]): LiveState {
  return frames.reduce(applyOne, state);
}

function applyOne(state: LiveState, frame: LiveFrame): LiveState {
  const head = { cursor: frame.cursor, asOf: frame.now };
  switch (frame.type) {
    case "heartbeat":
      return { ...state, ...head };
    case "reset":
      return {
        ...state,
        ...head,
        known: true,
        agents: byKey(frame.snapshot.agents, (agent) => agent.agent),
        queues: byKey(frame.snapshot.queues, (queue) => queue.queue),
        calls: byKey(frame.snapshot.calls, (call) => call.call),
        refused: newestFirst(frame.snapshot.refused),
      };
    case "facts":
      return applyFacts({ ...state, ...head, factsSeen: state.factsSeen + frame.facts.length }, frame.facts, frame.changed);
  }
}

function applyFacts(state: LiveState, facts: readonly FactRecord[], changed: Changed): LiveState {
  return {
    ...state,
    endedOffers: endedOffers(state, facts),
    endedCalls: endedCalls(state, facts),
    lostLegs: lostLegs(state.lostLegs, facts),
    agents: merged(state.agents, changed.agents, (agent) => agent.agent),
    queues: merged(state.queues, changed.queues, (queue) => queue.queue),
    calls: without(merged(state.calls, changed.calls, (call) => call.call), changed.calls_over),
    refused: changed.refused?.length ? withRefused(state.refused, changed.refused) : state.refused,
  };
}

function endedOffers(state: LiveState, facts: readonly FactRecord[]): ReadonlyMap<string, EndedOffer> {
  let next: Map<string, EndedOffer> | undefined;
  for (const record of facts) {
    const fact = readFact(record);
    if (fact?.type !== "offer_ended") continue;
    const call = state.calls.get(fact.call);
    const offered = call?.offered?.agent === fact.agent ? call.offered.since : fact.at;
    next ??= new Map(state.endedOffers);
    next.set(fact.agent, { call, callId: fact.call, end: fact.end, at: fact.at, rangMs: Math.max(0, fact.at - offered) });
  }
  return next ?? state.endedOffers;
}

function endedCalls(state: LiveState, facts: readonly FactRecord[]): ReadonlyMap<string, EndedCall> {
  const before = state.endedCalls;
  let next: Map<string, EndedCall> | undefined;
  for (const record of facts) {
    const fact = readFact(record);
    if (fact?.type !== "call_ended") continue;
    next ??= new Map(before);
    next.set(fact.call, { state: fact.state, by: fact.by, at: fact.at, call: state.calls.get(fact.call) });
  }
  if (!next) return before;
  forgetOldest(next);
  return next;
}

function lostLegs(before: ReadonlyMap<string, LostLeg>, facts: readonly FactRecord[]): ReadonlyMap<string, LostLeg> {
  let next: Map<string, LostLeg> | undefined;
  for (const record of facts) {
    const fact = readFact(record);
    if (fact?.type !== "leg_lost") continue;
    next ??= new Map(before);
    next.set(fact.call, fact.extension === null ? "caller" : "phone");
  }
  if (!next) return before;
  forgetOldest(next);
  return next;
}

function forgetOldest(calls: Map<string, unknown>): void {
  for (const call of calls.keys()) {
    if (calls.size <= ENDED_KEPT_MAX) break;
    calls.delete(call);
  }
}

function byKey<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item> {
  return new Map(items.map((item) => [key(item), item]));
}

function merged<Item>(
  before: ReadonlyMap<string, Item>, items: readonly Item[] | undefined, key: (item: Item) => string,
): ReadonlyMap<string, Item> {
  if (!items?.length) return before;
  const next = new Map(before);
  for (const item of items) next.set(key(item), item);
  return next;
}

function without<Item>(before: ReadonlyMap<string, Item>, keys: readonly string[] | undefined): ReadonlyMap<string, Item> {
  if (!keys?.some((key) => before.has(key))) return before;
  const next = new Map(before);
  for (const key of keys) next.delete(key);
  return next;
}

function newestFirst(refused: readonly RefusedLive[]): RefusedLive[] {
  return [...refused].sort((a, b) => b.at - a.at).slice(0, REFUSED_KEPT_MAX);
}

/** A resumed connection may repeat a call, so it is told apart by its id. */
function withRefused(before: readonly RefusedLive[], added: readonly RefusedLive[]): RefusedLive[] {
  const ids = new Set(added.map((refused) => refused.call));
  return newestFirst([...added, ...before.filter((refused) => !ids.has(refused.call))]);
}
