// Talks to /api/v1 with the session cookie. Knows problem documents, and nothing of screens.
import type {
  Agent, AgentRequest, CallRecord, Extension, List, Peaks, ProblemDocument, Recording, Session, User,
} from "./types";

const BASE = "/api/v1";
/** A command that heard nothing for this long is "not confirmed" on screen; a read gives up. */
const ANSWER_MS_MAX = 10_000;

type ProblemParts = Pick<ProblemDocument, "title" | "status" | "code"> & Partial<ProblemDocument>;

/** What the exchange, or the way to it, said instead of an answer. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(document: ProblemParts) {
    super(document.title);
    this.status = document.status;
    this.code = document.code;
    this.title = document.title;
    this.detail = document.detail;
    this.retryAfterSeconds = document.retry_after_s ?? undefined;
  }
}

let language = "zh-CN";
let sessionLost: () => void = () => undefined;

/** Language of titles and details in problem documents. */
export function speak(tag: string): void {
  language = tag;
}

/** Called when the exchange no longer knows this session. */
export function onSessionLost(act: () => void): void {
  sessionLost = act;
}

export type Query = Record<string, string | number | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** Repeating a command under the same key has one effect. */
  key?: string;
}

function address(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return BASE + path + (text ? `?${text}` : "");
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { title: `HTTP ${response.status}`, status: response.status, code: `http_${response.status}` };
  try {
    return new Problem({ ...fallback, ...((await response.json()) as ProblemDocument) });
  } catch {
    return new Problem(fallback);
  }
}

async function ask<Answer>(method: string, path: string, options: Options = {}): Promise<Answer> {
  const headers: Record<string, string> = { "Accept-Language": language };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.key !== undefined) headers["Idempotency-Key"] = options.key;
  const late = AbortSignal.timeout(ANSWER_MS_MAX);
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ? either(options.signal, late) : late,
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new Problem({ title: "", status: 0, code: "unreachable" });
  }
  if (response.ok) return (response.status === 202 || response.status === 204 ? undefined : await response.json()) as Answer;
  const problem = await problemOf(response);
  if (response.status === 401 && !path.startsWith("/sessions")) sessionLost();
  throw problem;
}

/** `AbortSignal.any` is younger than the oldest browser we serve. */
function either(first: AbortSignal, second: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) both.abort(signal.reason);
    else signal.addEventListener("abort", () => both.abort(signal.reason), { once: true });
  }
  return both.signal;
}

const id = encodeURIComponent;

export const api = {
  logIn: (username: string, password: string) => ask<Session>("POST", "/sessions", { body: { username, password } }),
  logOut: () => ask<void>("DELETE", "/sessions/current"),
  currentUser: () => ask<User>("GET", "/sessions/current"),
  agent: (agent: string, signal?: AbortSignal) => ask<Agent>("GET", `/agents/${id(agent)}`, { signal }),
  extensions: (signal?: AbortSignal) => ask<List<Extension>>("GET", "/extensions", { query: { limit: 500 }, signal }),
  agentState: (agent: string, request: AgentRequest, key: string) =>
    ask<void>("POST", `/agents/${id(agent)}/state`, { body: request, key }),
  answer: (agent: string, key: string) => ask<void>("POST", `/agents/${id(agent)}/answer`, { key }),
  hangUp: (agent: string, key: string) => ask<void>("POST", `/agents/${id(agent)}/hang_up`, { key }),
  endCall: (call: string, key: string) => ask<void>("POST", `/calls/${id(call)}/end`, { key }),
  records: (query: Query, signal?: AbortSignal) => ask<List<CallRecord>>("GET", "/records", { query, signal }),
  refused: (query: Query, signal?: AbortSignal) => ask<List<CallRecord>>("GET", "/records/refused", { query, signal }),
  record: (call: string, signal?: AbortSignal) => ask<CallRecord>("GET", `/records/${id(call)}`, { signal }),
  recording: (recording: string, signal?: AbortSignal) => ask<Recording>("GET", `/recordings/${id(recording)}`, { signal }),
  peaks: (recording: string, points: number, signal?: AbortSignal) =>
    ask<Peaks>("GET", `/recordings/${id(recording)}/peaks`, { query: { points }, signal }),
  audioAddress: (recording: string, download = false) =>
    address(`/recordings/${id(recording)}/audio`, download ? { download: 1 } : {}),
  /** WebSocket address of the facts, resuming after `cursor`. */
  liveAddress: (cursor: string | undefined) =>
    `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${address("/live", { cursor })}`,
};
