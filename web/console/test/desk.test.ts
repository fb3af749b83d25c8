import { describe, expect, test } from "vitest";
import type { AgentLive, CallLive, CallRecord, QueueLive } from "../src/api/types";
import { endedWords } from "../src/agent/idle-panel";
import { dayOf } from "../src/agent/my-day";
import { UNKNOWN } from "../src/live/state";
import { rowsInView } from "../src/parts/windowed";
import { shortcutOf } from "../src/shell/shortcuts";
import { totals } from "../src/supervisor/tiles";
import { waitingCalls } from "../src/supervisor/waiting-panel";
import type { Text } from "../src/text";

const me: AgentLive = { agent: "1001", name: "", state: "ready", phone_registered: true, queues: [], since: 0 };
const t: Text = (key, values) => [key, values?.["rang"], values?.["agent"]].filter(Boolean).join(" ");
const call = (id: string, fields: Partial<CallLive> = {}): CallLive => ({ call: id, direction: "inbound", caller: "1", called: "2", arrived: 0, phase: "queued", digits: "", recording: false, queue: "sales", ...fields });

describe("how an offer ended, in words", () => {
  const ended = (end: "no_answer" | "declined" | "withdrawn" | "unreachable") => ({ call: undefined, callId: "a", end, at: 0, rangMs: 9_000 });
  test("the caller hung up", () => {
    const state = { ...UNKNOWN, endedCalls: new Map([["a", { state: "queue_abandoned" as const, by: "caller" as const, at: 0, call: undefined }]]) };
    expect(endedWords(t, ended("withdrawn"), me, state)).toBe("offer.caller_gone 0:09");
  });
  test("another agent took it", () => {
    const state = { ...UNKNOWN, calls: new Map([["a", call("a", { agent: "1004" })]]) };
    expect(endedWords(t, ended("withdrawn"), me, state)).toBe("offer.taken 1004");
  });
  test("not answered, and what became of the agent", () => {
    expect(endedWords(t, ended("no_answer"), me, UNKNOWN)).toBe("offer.no_answer 0:09");
    expect(endedWords(t, ended("no_answer"), { ...me, state: "not_ready" }, UNKNOWN)).toBe("offer.no_answer.left");
  });
});

test("my day counts conversations of my own", () => {
  const record = (agent: string | null, joined: number | null) => ({ agent, joined, talked_ms: 10_000, waited_ms: 4_000 }) as CallRecord;
  expect(dayOf("1001", [record("1001", 1), record("1002", 1), record("1001", null), record("1001", 2)])).toEqual({ answered: 2, talkedMs: 20_000, waitedMs: 8_000 });
});

test("who waits stands in the order of the line, ringing ones included", () => {
  const calls = [call("c", { queued: 3 }), call("a", { queued: 1, phase: "ringing" }), call("x", { phase: "talking" }), call("b", { queued: 1 })];
  expect(waitingCalls(calls).map((waiting) => waiting.call)).toEqual(["a", "b", "c"]);
});

test("the longest wait is that of a queue where somebody waits", () => {
  const queue = (waiting: number, longest_since?: number) => ({ waiting, longest_since, answered_today: 2, abandoned_today: 1, answered_in_20s_today: 1 }) as QueueLive;
  expect(totals([queue(0, 5), queue(2, 90), queue(1, 70)])).toEqual({ waiting: 3, longestSince: 70, answered: 6, abandoned: 3, answeredIn20s: 3 });
  expect(totals([]).longestSince).toBeUndefined();
});

test.each([[0, 640, 32, 10], [0, 640, 32, 2_048], [30_000, 640, 32, 2_048], [99_999, 640, 32, 2_048]])(
  "at %i of a list only the rows in view are drawn", (top, height, row, count) => {
    const { first, end } = rowsInView(top, height, row, count);
    expect(end - first).toBeLessThanOrEqual(Math.ceil(height / row) + 21);
    expect(first).toBeGreaterThanOrEqual(0);
    expect(end).toBeLessThanOrEqual(count);
  },
);

describe("shortcuts", () => {
  const press = (code: string, fields: KeyboardEventInit = {}) => shortcutOf(new KeyboardEvent("keydown", { code, altKey: true, ...fields }));
  test("go by the place of the key, not by what it writes", () => expect(press("KeyQ", { key: "й" })).toBe("answer"));
  test("are dead while an input method composes", () => expect(press("KeyQ", { isComposing: true })).toBeUndefined());
  test("are dead with other modifiers, on repeat, and without Alt", () => {
    expect(press("KeyQ", { ctrlKey: true })).toBeUndefined();
    expect(press("KeyQ", { repeat: true })).toBeUndefined();
    expect(press("KeyQ", { altKey: false })).toBeUndefined();
  });
});
