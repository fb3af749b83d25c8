// The values that cross between the exchange and the console, as the API documents them.
// Times are Unix milliseconds, durations milliseconds, ids text.

export type Role = "agent" | "supervisor" | "quality" | "admin" | "auditor" | "integrator";

export interface User {
  username: string;
  name: string;
  roles: Role[];
  /** The agent this user works as, if any. */
  agent: string | null;
}

export interface Session {
  token: string;
  expires: number;
  user: User;
}

export interface List<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** RFC 9457 problem document. */
export interface ProblemDocument {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code: string;
  retry_after_s?: number;
  errors?: { node?: string; field?: string; code: string; message: string }[];
}

export type AgentStateName = "logged_out" | "ready" | "not_ready" | "offered" | "talking" | "wrap_up";

export type Pending = { next: "ready" } | { next: "not_ready"; reason: string } | { next: "logged_out" };

export interface AgentLive {
  agent: string;
  name: string;
  state: AgentStateName;
  reason?: string | null;
  call?: string | null;
  /** Wrap-up left at `since`. */
  left_ms?: number | null;
  extension?: string | null;
  phone_registered: boolean;
  queues: string[];
  since: number;
  pending?: Pending | null;
}

export interface QueueLive {
  queue: string;
  number: string;
  name_zh: string;
  name_en: string;
  waiting: number;
  longest_since?: number | null;
  logged_in: number;
  ready: number;
  offered: number;
  talking: number;
  wrap_up: number;
  not_ready: number;
  offered_today: number;
  answered_today: number;
  abandoned_today: number;
  answered_in_20s_today: number;
}

export type PassedOver =
  | { why: "not_ready"; reason: string }
  | { why: "offered" }
  | { why: "talking" }
  | { why: "wrap_up" }
  | { why: "idle_shorter" }
  | { why: "already_tried" }
  | { why: "unreachable" };

export interface Candidate {
  agent: string;
  /** How long ready; null when not ready. */
  idle_ms: number | null;
  /** Null for the chosen one. */
  passed_over: PassedOver | null;
}

export interface AssignmentReason {
  queue: string;
  strategy: string;
  /** 1 is first. */
  place: number;
  waited_ms: number;
  candidates: Candidate[];
}

export type Direction = "inbound" | "outbound" | "internal";
export type CallPhase = "ivr" | "queued" | "ringing" | "talking" | "message" | "ending";

export interface Offered {
  agent: string;
  since: number;
  ring_until?: number | null;
  reason: AssignmentReason;
}

export interface CallLive {
  call: string;
  direction: Direction;
  caller: string;
  called: string;
  arrived: number;
  answered?: number | null;
  phase: CallPhase;
  node?: string | null;
  flow?: string | null;
  digits: string;
  queue?: string | null;
  queued?: number | null;
  place?: number | null;
  agent?: string | null;
  extension?: string | null;
  offered?: Offered | null;
  joined?: number | null;
  recording: boolean;
}

export interface RefusedLive {
  call: string;
  at: number;
  caller: string;
  called: string;
  source: string;
  status: number;
  reason: string;
}

export type OfferEnd = "answered" | "no_answer" | "declined" | "unreachable" | "withdrawn";
export type QueueExit = "answered" | "abandoned" | "timed_out" | "key" | "refused" | "ended";
export type EndedBy = "caller" | "agent" | "system" | "crash";

export const END_STATES = [
  "ring_timeout", "agent_unreachable", "refused", "transfer_talk", "waiting_hang_up", "outbound_talk", "in_ivr",
  "transfer_ringing", "agent_answered", "dialled", "nothing_dialled", "failed", "queue_abandoned", "dial_abandoned",
  "extension_call", "voice_message", "transferred_back",
] as const;
export type EndState = (typeof END_STATES)[number];

/** The facts the console reads; the others pass by. */
export type Fact =
  | { type: "offer_ended"; call: string; agent: string; end: OfferEnd }
  | { type: "call_ended"; call: string; state: EndState; by: EndedBy }
  | { type: "joined"; call: string; agent: string; extension: string };

export type FactRecord = { seq: number; at: number } & (Fact | { type: string; call?: string });

export interface Snapshot {
  agents: AgentLive[];
  queues: QueueLive[];
  calls: CallLive[];
  refused: RefusedLive[];
}

export interface Changed {
  agents?: AgentLive[];
  queues?: QueueLive[];
  calls?: CallLive[];
  calls_over?: string[];
  refused?: RefusedLive[];
}

export type LiveFrame =
  | { type: "reset"; cursor: string; now: number; snapshot: Snapshot }
  | { type: "facts"; cursor: string; now: number; facts: FactRecord[]; changed: Changed }
  | { type: "heartbeat"; cursor: string; now: number };

export type AgentRequest =
  | { ask: "log_in"; extension: string; queues: string[]; ready: boolean }
  | { ask: "log_out" }
  | { ask: "ready" }
  | { ask: "not_ready"; reason: string }
  | { ask: "finish_wrap_up" }
  | { ask: "withdraw_pending" };

export interface Extension {
  extension: string;
  display_name: string;
  registered: boolean;
  contact?: string | null;
  user_agent?: string | null;
}

export interface PathStep {
  node: string;
  at: number;
  /** Null when the call ended in the node. */
  outcome: string | null;
}

export interface OfferRecord {
  agent: string;
  extension: string;
  offered: number;
  rang: number | null;
  ended: number | null;
  end: OfferEnd | null;
  reason: AssignmentReason;
}

export interface RecordingEntry {
  recording: string;
  purpose: "conversation" | "message";
  started: number;
  stopped: number | null;
}

/** One call, whole: what is left of it. */
export interface CallRecord {
  call: string;
  direction: Direction;
  caller: string;
  called: string;
  trunk: string | null;
  extension: string | null;
  source: string;
  arrived: number;
  answered: number | null;
  queued: number | null;
  ringing: number | null;
  joined: number | null;
  parted: number | null;
  ended: number;
  flow: string | null;
  flow_version: number | null;
  path: PathStep[];
  digits: string;
  queue: string | null;
  queue_exit: QueueExit | null;
  waited_ms: number;
  offers: OfferRecord[];
  agent: string | null;
  agent_extension: string | null;
  talked_ms: number;
  recordings: RecordingEntry[];
  state: EndState;
  state_number: number;
  by: EndedBy;
  status: number | null;
  reason: string | null;
}

export interface Recording {
  recording: string;
  call: string;
  purpose: "conversation" | "message";
  started: number;
  duration_ms: number;
  channels: number;
  complete: boolean;
}

/** Loudness per point, 0 to 1; a message has one channel, then `right` is empty. */
export interface Peaks {
  left: number[];
  right: number[];
  duration_ms: number;
}
