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

/** Where there is little room: icon and colour say "not ready", and the reason is the word. */
function shortWord(state: PillState, reason: string | null | undefined): string {
  return state === "not_ready" && reason ? reasonWord(reason) : stateWord(state);
}

export function pendingShort(pending: Pending): string {
  return shortWord(pending.next, pending.next === "not_ready" ? pending.reason : undefined);
}

interface StatePillProps {
  state: PillState;
  reason?: string | null;
  short?: boolean;
}

export function StatePill({ state, reason, short = false }: StatePillProps) {
  useText();
  const whole = stateWord(state, reason);
  return (
    <span className={`pill pill-${state}`} title={whole}>
      <Icon name={state} size={12} />
      <span className="cut">{short ? shortWord(state, reason) : whole}</span>
    </span>
  );
}

export function AgentPill({ agent, limitMs, short }: { agent: AgentLive; limitMs?: number; short?: boolean }) {
  return (
    <span className="row pill-row">
      <StatePill state={agent.state} reason={agent.reason} short={short} />
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
