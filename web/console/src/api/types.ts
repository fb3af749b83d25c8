// The values that cross between the exchange and the console, named; their shapes are generated from the OpenAPI document.
// Times are Unix milliseconds, durations milliseconds, ids text.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Role = Schemas["Role"];
export type User = Schemas["CurrentUser"];
export type Session = Schemas["Session"];
/** RFC 9457 problem document. */
export type ProblemDocument = Schemas["Problem"];
export type Agent = Schemas["Agent"];
export type AgentStateName = Schemas["AgentStateName"];
export type Pending = Schemas["PendingState"];
export type AgentRequest = Schemas["AgentRequest"];
export type AgentLive = Schemas["AgentLive"];
export type QueueLive = Schemas["QueueLive"];
export type CallLive = Schemas["CallLive"];
export type CallPhase = Schemas["Phase"];
export type RefusedLive = Schemas["RefusedLive"];
export type LiveFrame = Schemas["LiveMessage"];
export type Changed = Schemas["Changes"];
export type AssignmentReason = Schemas["AssignmentReason"];
export type Candidate = Schemas["Candidate"];
export type Extension = Schemas["Extension"];
export type OfferRecord = Schemas["OfferRecord"];
export type OfferEnd = Schemas["OfferEnd"];
export type RecordingEntry = Schemas["RecordingEntry"];
/** One call, whole: what is left of it. */
export type CallRecord = Schemas["Record"];
export type Recording = Schemas["Recording"];
/** Loudness per point, 0 to 1; a message has one channel, then `right` is empty. */
export type Peaks = Schemas["Peaks"];
export type EndedBy = Schemas["EndedBy"];
export type EndState = Schemas["EndState"];

export interface List<Item> {
  items: Item[];
  next_cursor?: string | null;
}

/** In the order of their numbers; the compiler sees to it that none is missing or too many. */
const endStates = {
  ring_timeout: 1, agent_unreachable: 2, refused: 3, transfer_talk: 4, waiting_hang_up: 5, outbound_talk: 6, in_ivr: 7,
  transfer_ringing: 8, agent_answered: 9, dialled: 10, nothing_dialled: 11, failed: 12, queue_abandoned: 13,
  dial_abandoned: 14, extension_call: 15, voice_message: 16, transferred_back: 17,
} satisfies Record<EndState, number>;
export const END_STATES = Object.keys(endStates) as EndState[];

/** The facts the console reads, whose own fields the document leaves open; the others pass by. */
export type Fact =
  | { type: "offer_ended"; call: string; agent: string; end: OfferEnd }
  | { type: "leg_lost"; call: string; extension: string | null }
  | { type: "call_ended"; call: string; state: EndState; by: EndedBy };
export type FactRecord = Schemas["FactRecord"];
export type FactAt = Fact & { at: number };

/** A fact as one of those the console reads. */
export function readFact(fact: FactRecord): FactAt | undefined {
  const read = fact.type === "offer_ended" || fact.type === "leg_lost" || fact.type === "call_ended";
  return read ? (fact as unknown as FactAt) : undefined;
}
