import { describe, expect, test } from "vitest";
import type { AgentLive, CallLive, LiveFrame, RefusedLive } from "../src/api/types";
import { apply, ENDED_KEPT_MAX, REFUSED_KEPT_MAX, UNKNOWN } from "../src/live/state";

const agent = (id: string, fields: Partial<AgentLive> = {}): AgentLive => ({ agent: id, name: id, state: "ready", phone_registered: true, queues: ["sales"], since: 0, ...fields });
const call = (id: string, fields: Partial<CallLive> = {}): CallLive => ({ call: id, direction: "inbound", caller: "1", called: "2", arrived: 0, phase: "ivr", digits: "", recording: false, ...fields });
const refused = (id: string, at: number): RefusedLive => ({ call: id, at, caller: "1", called: "2", source: "s", status: 404, reason: "number_unbound" });
const nothing = { agents: [], queues: [], calls: [], calls_over: [], refused: [] };
const facts = (fields: object, list: object[] = [], cursor = "2"): LiveFrame => ({ type: "facts", cursor, now: 2_000, facts: list, changed: { ...nothing, ...fields } }) as LiveFrame;
const reset: LiveFrame = { type: "reset", cursor: "1", now: 1_000, snapshot: { agents: [agent("1001"), agent("1002")], queues: [], calls: [call("a"), call("b")], refused: [] } };

describe("the live picture", () => {
  test("is unknown, not empty, before the first snapshot", () => {
    expect(apply(UNKNOWN, [{ type: "heartbeat", cursor: "1", now: 5 }]).known).toBe(false);
    expect(apply(UNKNOWN, [reset]).known).toBe(true);
  });

  test("takes changes and drops calls that are over", () => {
    const state = apply(UNKNOWN, [reset, facts({ agents: [agent("1001", { state: "talking" })], calls: [call("c")], calls_over: ["a"] })]);
    expect([...state.calls.keys()]).toEqual(["b", "c"]);
    expect(state.agents.get("1001")?.state).toBe("talking");
    expect([state.cursor, state.asOf]).toEqual(["2", 2_000]);
  });

  test("keeps what did not change as the same value, so that nothing is drawn again", () => {
    const before = apply(UNKNOWN, [reset]);
    const after = apply(before, [facts({ agents: [agent("1001")] })]);
    expect(after.calls).toBe(before.calls);
    expect(after.agents.get("1002")).toBe(before.agents.get("1002"));
  });

  test("applying frames at once or one by one is the same", () => {
    const frames = [reset, facts({ calls: [call("c")] }, [{ seq: 2, at: 1, type: "call_opened" }]), facts({ calls_over: ["b"] }, [{ seq: 3, at: 2, type: "call_ended", call: "b", state: "in_ivr", by: "caller" }], "3")];
    expect(apply(UNKNOWN, frames)).toEqual(frames.reduce((state, frame) => apply(state, [frame]), UNKNOWN));
  });

  test("a snapshot replaces all that was known", () => {
    const state = apply(UNKNOWN, [reset, facts({ calls: [call("c")] }), { ...reset, cursor: "9", snapshot: { agents: [], queues: [], calls: [call("d")], refused: [] } } as LiveFrame]);
    expect([...state.calls.keys()]).toEqual(["d"]);
    expect(state.agents.size).toBe(0);
  });

  test("remembers how an agent's offer ended and how long it rang", () => {
    const offered = call("a", { phase: "ringing", offered: { agent: "1001", since: 1_000, reason: { queue: "sales", strategy: "longest_idle", place: 1, waited_ms: 0, candidates: [], others: {} } } });
    const state = apply(UNKNOWN, [reset, facts({ calls: [offered] }), facts({ calls_over: ["a"] }, [{ seq: 4, at: 10_000, type: "offer_ended", call: "a", agent: "1001", end: "withdrawn" }, { seq: 5, at: 10_000, type: "call_ended", call: "a", state: "queue_abandoned", by: "caller" }])]);
    expect(state.endedOffers.get("1001")).toMatchObject({ callId: "a", end: "withdrawn", rangMs: 9_000 });
    expect(state.endedCalls.get("a")).toMatchObject({ by: "caller", call: { call: "a" } });
  });

  test("remembers whose end of a call went dead", () => {
    const lost = (call: string, extension: string | null) => ({ seq: 4, at: 10_000, type: "leg_lost", call, extension });
    const state = apply(UNKNOWN, [reset, facts({}, [lost("a", null), lost("b", "8001")])]);
    expect([...state.lostLegs]).toEqual([["a", "caller"], ["b", "phone"]]);
  });

  test("a refused call told twice after a resumption is one row, newest first, and bounded", () => {
    const state = apply(UNKNOWN, [reset, facts({ refused: [refused("x", 1)] }), facts({ refused: [refused("x", 1), refused("y", 2)] })]);
    expect(state.refused.map((row) => row.call)).toEqual(["y", "x"]);
    const many = Array.from({ length: REFUSED_KEPT_MAX + 5 }, (_, index) => refused(String(index), index));
    expect(apply(state, [facts({ refused: many })]).refused).toHaveLength(REFUSED_KEPT_MAX);
  });

  test("ended calls are forgotten, oldest first", () => {
    const ends = Array.from({ length: ENDED_KEPT_MAX + 3 }, (_, index) => ({ seq: index, at: index, type: "call_ended", call: `c${index}`, state: "in_ivr", by: "caller" }));
    const state = apply(UNKNOWN, [reset, facts({}, ends)]);
    expect(state.endedCalls.size).toBe(ENDED_KEPT_MAX);
    expect(state.endedCalls.has("c0")).toBe(false);
  });
});
