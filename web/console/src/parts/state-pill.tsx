// A state is colour + shape + word; how long stands beside it.
import { Since } from "../live/since";
import type { AgentLive, AgentStateName, CallPhase, Pending } from "../api/types";
import { text, textOr, useText } from "../text";
import { Icon, type IconName } from "./icons";
import "./parts.css";

export type PillState = AgentStateName | "unknown";

export function reasonWord(reason: string | null | undefined): string {
  return reason ? textOr(`reason.${reason}`, reason) : "";
}

export function stateWord(state: PillState, reason?: string | null): string {
  if (state === "not_ready" && reason) return text("state.not_ready.reason", { reason: reasonWord(reason) });
  return text(`state.${state}`);
}

export function pendingWord(pending: Pending): string {
  if (pending.next === "not_ready") return stateWord("not_ready", pending.reason);
  return stateWord(pending.next);
}

/** Where there is little room: the reason alone says enough. */
export function pendingShort(pending: Pending): string {
  return pending.next === "not_ready" ? reasonWord(pending.reason) : stateWord(pending.next);
}

export function StatePill({ state, reason }: { state: PillState; reason?: string | null }) {
  useText();
  const word = stateWord(state, reason);
  return (
    <span className={`pill pill-${state}`} title={word}>
      <Icon name={state} size={12} />
      <span className="cut">{word}</span>
    </span>
  );
}

export function AgentPill({ agent, limitMs }: { agent: AgentLive; limitMs?: number }) {
  return (
    <span className="row pill-row">
      <StatePill state={agent.state} reason={agent.reason} />
      {agent.state !== "logged_out" && <Since at={agent.since} limitMs={limitMs} />}
    </span>
  );
}

const phases: Record<CallPhase, { icon: IconName; tint: string }> = {
  ivr: { icon: "keys", tint: "logged_out" },
  queued: { icon: "waiting", tint: "logged_out" },
  ringing: { icon: "offered", tint: "offered" },
  talking: { icon: "talking", tint: "talking" },
  message: { icon: "recording", tint: "wrap_up" },
  ending: { icon: "hangUp", tint: "logged_out" },
};

export function PhasePill({ phase }: { phase: CallPhase }) {
  const t = useText();
  const { icon, tint } = phases[phase];
  return (
    <span className={`pill pill-${tint}`}>
      <Icon name={icon} size={12} />
      <span className="cut">{t(`phase.${phase}`)}</span>
    </span>
  );
}
