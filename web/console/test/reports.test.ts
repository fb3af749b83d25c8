import { describe, expect, test } from "vitest";
import type { CallRecord } from "../src/api/types";
import { changedFilter, readFilter, recordsQuery } from "../src/reports/filter";
import { joinedRefused } from "../src/reports/refused-page";
import { lanesOf, spansOf, ticks } from "../src/reports/spans";
import { wavePath } from "../src/reports/waveform";
import { outletWord, reasonWord } from "../src/reports/words";
import { showTimesIn } from "../src/text/site-time";

const record = (fields: Partial<CallRecord> = {}): CallRecord => ({
  call: "a", direction: "inbound", caller: "1", called: "2", source: "s", arrived: 1_000, ended: 60_000, path: [], digits: "", waited_ms: 0,
  offers: [], talked_ms: 0, recordings: [], state: "in_ivr", state_number: 7, by: "caller", ...fields,
});
const reason = { queue: "sales", strategy: "longest_idle", place: 1, waited_ms: 0, candidates: [], others: {} };

describe("the filter of records", () => {
  test("leaves out of an address what makes no sense", () => {
    expect(readFilter({ period: "custom", from: "2026-11-20", to: "tomorrow", state: "nonsense", direction: "inbound", number: " ", junk: "1" }))
      .toEqual({ period: "custom", from: "2026-11-20", direction: "inbound" });
    expect(readFilter({ period: "today" })).toEqual({});
  });

  test("begins at the first page again when it changes", () => {
    expect(changedFilter({ queue: "sales", cursor: "c" }, { state: "refused" })).toEqual({ queue: "sales", state: "refused" });
    expect(changedFilter({ queue: "sales" }, { queue: "" })).toEqual({});
  });

  test("asks for whole days of the site", () => {
    showTimesIn("Asia/Shanghai");
    const midnight = (ofMonth: number) => Date.UTC(2026, 10, ofMonth) - 8 * 3_600_000;
    const today = "2026-11-20";
    expect(recordsQuery({}, today)).toMatchObject({ from: midnight(20) });
    expect(recordsQuery({ period: "yesterday" }, today)).toMatchObject({ from: midnight(19), to: midnight(20) });
    expect(recordsQuery({ period: "week" }, today)).toMatchObject({ from: midnight(14) });
    expect(recordsQuery({ period: "custom", from: "2026-11-03", to: "2026-11-04" }, today)).toMatchObject({ from: midnight(3), to: midnight(5) });
    expect(recordsQuery({ period: "all" }, today)).toEqual({ limit: 50 });
  });
});

describe("the timeline", () => {
  test("a call that was queued, rung twice and talked has its spans in order", () => {
    const whole = record({
      flow: "welcome", answered: 1_100, path: [{ node: "menu", at: 1_200 }], queued: 5_000, waited_ms: 25_000, joined: 30_000, parted: 58_000, agent: "1002",
      offers: [
        { agent: "1001", extension: "8001", offered: 6_000, rang: 6_050, ended: 20_000, end: "no_answer", reason },
        { agent: "1002", extension: "8002", offered: 20_100, rang: 20_150, ended: 30_000, end: "answered", reason },
      ],
    });
    expect(spansOf(whole).map((span) => [span.kind, span.from, span.to, span.agent])).toEqual([
      ["ivr", 1_200, 5_000, undefined], ["queue", 5_000, 30_000, undefined], ["offer", 6_000, 20_000, "1001"], ["offer", 20_100, 30_000, "1002"], ["talk", 30_000, 58_000, "1002"],
    ]);
    expect(lanesOf(spansOf(whole)).map((lane) => [lane.kind, lane.agent, lane.spans.length])).toEqual([
      ["ivr", undefined, 1], ["queue", undefined, 1], ["offer", "1001", 1], ["offer", "1002", 2],
    ]);
  });

  test("a refused call has none", () => expect(spansOf(record({ state: "refused", ended: 1_003 }))).toEqual([]));

  test("no span runs backwards, whatever the clocks said", () => {
    const odd = record({ queued: 5_000, waited_ms: 0, joined: 30_000, parted: 29_000 });
    for (const span of spansOf(odd)) expect(span.to).toBeGreaterThanOrEqual(span.from);
  });

  test("ticks stand at round distances and are never more than asked for, up to a day", () => {
    expect(ticks(84_000, 8)).toEqual([0, 15_000, 30_000, 45_000, 60_000, 75_000]);
    for (const length of [1, 999, 61_000, 3_700_000, 86_400_000]) expect(ticks(length, 12).length).toBeLessThanOrEqual(13);
  });
});

test("a wave stays within its height, silence included", () => {
  const numbers = [...wavePath([0, 0.5, 1, 7, -1], 100, 44).matchAll(/ (\d+\.\d)/g)].map((match) => Number(match[1]));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(43);
  expect(wavePath([], 100, 44)).toBe("");
});

test("a refused call that is live and stored is shown once, newest first", () => {
  const live = [{ call: "b", at: 2_000, caller: "1", called: "2", source: "s", status: 404, reason: "number_unbound" }];
  const stored = [record({ call: "b", arrived: 2_000, status: 404 }), record({ call: "c", arrived: 3_000 }), record({ call: "a", arrived: 1_000 })];
  expect(joinedRefused(live, stored).map((row) => row.call)).toEqual(["c", "b", "a"]);
});

test.each([["1", "按键 1"], ["no_key", "未按键"], ["caller_gone", "主叫挂断"], ["+12", "另有 12 个节点"], ["of_a_later_version", "of_a_later_version"]])("outlet %s is %s", (outlet, shown) => {
  expect(outletWord(outlet)).toBe(shown);
});

test.each([
  ["number_unbound", "号码 400 未绑定"], ["crash_talking", "系统进程意外停止，当时阶段：通话"], ["index out of bounds", "index out of bounds"],
])("reason %s is %s", (reason, shown) => {
  expect(reasonWord(reason, "400")).toBe(shown);
});
