// What an agent can ask of the exchange, and by what the live picture shows that it happened.
import { api } from "../api/client";
import type { AgentLive, AgentRequest } from "../api/types";
import { command, type Order } from "../live/command";
import { useLive } from "../live/store";
import type { LiveState } from "../live/state";
import { useUser } from "../shell/session";

/** Reasons every site has; the exchange's own ("no_answer") cannot be chosen. Chosen by keys 1 to 9. */
export const REASONS = ["break", "lunch", "meeting", "training", "paperwork"] as const;

/** The exchange's own reason for one who wants work at a phone that cannot be called. */
export const UNREACHABLE = "unreachable";

/** Commands of one name exclude each other: a state is asked for once at a time. */
export const STATE_COMMAND = "state";
export const ANSWER_COMMAND = "answer";
export const HANG_UP_COMMAND = "hang_up";

export type Expected = (agent: AgentLive) => boolean;

function order(agent: string, send: Order["send"], expected: Expected): Order {
  return {
    send,
    confirmed: (state: LiveState) => {
      const live = state.agents.get(agent);
      return live !== undefined && expected(live);
    },
  };
}

function askState(agent: string, request: AgentRequest, expected: Expected): void {
  command(STATE_COMMAND, order(agent, (key) => api.agentState(agent, request, key), expected));
}

export const orders = {
  logIn: (agent: string, extension: string, queues: string[], ready: boolean) =>
    askState(agent, { ask: "log_in", extension, queues, ready }, (live) => live.state !== "logged_out"),
  logOut: (agent: string) =>
    askState(agent, { ask: "log_out" }, (live) => live.state === "logged_out" || live.pending?.next === "logged_out"),
  ready: (agent: string) =>
    askState(agent, { ask: "ready" }, (live) =>
      ["ready", "offered"].includes(live.state) || live.reason === UNREACHABLE || live.pending?.next === "ready"),
  notReady: (agent: string, reason: string) =>
    askState(agent, { ask: "not_ready", reason }, (live) => isNotReady(live, reason)),
  withdraw: (agent: string) => askState(agent, { ask: "withdraw_pending" }, (live) => !live.pending),
  finish: (agent: string) => askState(agent, { ask: "finish_wrap_up" }, (live) => live.state !== "wrap_up"),
  /** Two requests, one act: the state that follows, then the end of wrap-up. */
  finishNotReady: (agent: string, reason: string) =>
    command(STATE_COMMAND, order(
      agent,
      async (key) => {
        await api.agentState(agent, { ask: "not_ready", reason }, `${key}-next`);
        await api.agentState(agent, { ask: "finish_wrap_up" }, key);
      },
      (live) => live.state === "not_ready",
    )),
  answer: (agent: string) =>
    command(ANSWER_COMMAND, order(agent, (key) => api.answer(agent, key), (live) => live.state !== "offered")),
  /** Ends the conversation; while it rings, declines. */
  hangUp: (agent: string) =>
    command(HANG_UP_COMMAND, order(agent, (key) => api.hangUp(agent, key), (live) => live.state !== "talking" && live.state !== "offered")),
};

function isNotReady(live: AgentLive, reason: string): boolean {
  if (live.state === "not_ready") return live.reason === reason;
  return live.pending?.next === "not_ready" && live.pending.reason === reason;
}

/** The agent this user works as, as the exchange last showed it. */
export function useMe(): AgentLive | undefined {
  const { agent } = useUser();
  return useLive((state) => (agent == null ? undefined : state.agents.get(agent)));
}
