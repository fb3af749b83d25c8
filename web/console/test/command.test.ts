import { describe, expect, test } from "vitest";
import { Problem } from "../src/api/client";
import { type CommandEvent, type CommandState, IDLE, type Order, step } from "../src/live/command";
import { type LiveState, UNKNOWN } from "../src/live/state";

const done: LiveState = { ...UNKNOWN, known: true };
const order: Order = { send: async () => undefined, confirmed: (state) => state.known };
const problem = new Problem({ title: "no", status: 409, code: "no_call" });
const ask: CommandEvent = { type: "ask", order, key: "k1" };
const run = (...events: CommandEvent[]): CommandState => events.reduce(step, IDLE);

describe("a command", () => {
  test.each<[string, CommandEvent[], CommandState["phase"]]>([
    ["is asked when pressed", [ask], "asked"],
    ["is not confirmed by an unchanged picture", [ask, { type: "picture", state: UNKNOWN }], "asked"],
    ["is over when the picture shows it", [ask, { type: "picture", state: done }], "idle"],
    ["is refused with its reason", [ask, { type: "refuse", key: "k1", problem }], "refused"],
    ["is unanswered when it heard nothing", [ask, { type: "late", key: "k1" }], "unanswered"],
    ["is confirmed even late", [ask, { type: "late", key: "k1" }, { type: "picture", state: done }], "idle"],
    ["is refused even late", [ask, { type: "late", key: "k1" }, { type: "refuse", key: "k1", problem }], "refused"],
    ["can be asked again", [ask, { type: "late", key: "k1" }, ask], "asked"],
    ["ignores the lateness of an older one", [ask, { type: "late", key: "k0" }], "asked"],
    ["ignores the refusal of an older one", [ask, { type: "refuse", key: "k0", problem }], "asked"],
    ["a refusal is forgotten", [ask, { type: "refuse", key: "k1", problem }, { type: "forget" }], "idle"],
    ["what is asked cannot be forgotten", [ask, { type: "forget" }], "asked"],
  ])("%s", (_, events, phase) => expect(run(...events).phase).toBe(phase));

  test("pressing twice asks once", () => {
    const once = run(ask);
    expect(step(once, { type: "ask", order, key: "k2" })).toBe(once);
  });
});
