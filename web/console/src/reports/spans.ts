// Turns a record into the spans of its timeline: who was doing what from when to when. Pure.
import type { CallRecord } from "../api/types";

export type SpanKind = "ivr" | "queue" | "offer" | "talk" | "message";

export interface Span {
  kind: SpanKind;
  from: number;
  to: number;
  agent?: string;
  /** How an offer ended, or by which outlet. */
  end?: string;
}

export interface Lane {
  kind: SpanKind;
  agent?: string;
  spans: Span[];
}

export function spansOf(record: CallRecord): Span[] {
  const spans: Span[] = [];
  const ended = record.ended;
  const ivrFrom = record.path[0]?.at ?? record.answered;
  if (record.flow != null && ivrFrom != null) spans.push({ kind: "ivr", from: ivrFrom, to: record.queued ?? record.joined ?? ended });
  if (record.queued != null) spans.push({ kind: "queue", from: record.queued, to: Math.min(record.queued + record.waited_ms, ended) });
  for (const offer of record.offers) {
    spans.push({ kind: "offer", from: offer.offered, to: offer.ended ?? ended, agent: offer.agent, end: offer.end ?? undefined });
  }
  if (record.joined != null) spans.push({ kind: "talk", from: record.joined, to: record.parted ?? ended, agent: record.agent ?? record.agent_extension ?? undefined });
  for (const recording of record.recordings) {
    if (recording.purpose === "message") spans.push({ kind: "message", from: recording.started, to: recording.stopped ?? ended });
  }
  return spans.map((span) => ({ ...span, to: Math.max(span.from, span.to) }));
}

/** One lane per kind, and one per agent asked, in order of appearance. */
export function lanesOf(spans: readonly Span[]): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const span of spans) {
    const perAgent = span.kind === "offer" || span.kind === "talk";
    const key = perAgent ? `agent ${span.agent ?? ""}` : span.kind;
    const lane = lanes.get(key) ?? { kind: span.kind, agent: perAgent ? span.agent : undefined, spans: [] };
    lane.spans.push(span);
    lanes.set(key, lane);
  }
  return [...lanes.values()];
}

const TICK_STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600].map((seconds) => seconds * 1_000);

/** Beyond this share of the axis a tick's words would stand over its edge. */
const TICK_SHARE_MAX = 0.95;

/** Ticks at round distances, at most `count` of them. */
export function ticks(length: number, count: number): number[] {
  const step = TICK_STEPS_MS.find((candidate) => length / candidate <= count) ?? 7_200_000;
  const out: number[] = [];
  for (let at = 0; at <= length * TICK_SHARE_MAX; at += step) out.push(at);
  return out;
}
