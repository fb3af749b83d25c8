// Why a call went to an agent, or goes to none: the fact's own reason, in words. One drawer for desk, floor and record.
import { Drawer } from "antd";
import type { AssignmentReason, CallLive, Candidate } from "../api/types";
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { type Text, text, textOr, useText } from "../text";
import { durationOrDash, phoneNumber } from "../text/format";
import { clockTime } from "../text/site-time";
import { useAgentName, useQueueName } from "./names";
import { AgentPill, reasonWord } from "./state-pill";

/** Covers the side column of desk and floor and nothing of the work beside it. */
const DRAWER_WIDTH = 424;

export function verdictWord(t: Text, candidate: Candidate): string {
  const passed = candidate.passed_over;
  if (!passed) return t("why.chosen");
  if (passed.why === "not_ready") return t("why.passed.not_ready", { reason: reasonWord(passed.reason) });
  return textOr(`why.passed.${passed.why}`, passed.why);
}

export function ruleWord(strategy: string): string {
  return textOr(`rule.${strategy}`, strategy);
}

export function CandidateTable({ reason }: { reason: AssignmentReason }) {
  const t = useText();
  const agentName = useAgentName();
  return (
    <table className="grid">
      <thead>
        <tr><th>{t("sup.agent")}</th><th className="number">{t("why.idle")}</th><th>{t("why.verdict")}</th></tr>
      </thead>
      <tbody>
        {reason.candidates.map((candidate) => (
          <tr key={candidate.agent} className={candidate.passed_over ? "" : "chosen"}>
            <td>{agentName(candidate.agent)}</td>
            <td className="number">{durationOrDash(candidate.idle_ms)}</td>
            <td>{candidate.passed_over ? "" : "✓ "}{verdictWord(t, candidate)}</td>
          </tr>
        ))}
        {Object.entries(reason.others).map(([why, agents]) => (
          <tr key={why} className="others">
            <td>{t("why.others", { n: agents })}</td>
            <td className="number">–</td>
            <td>{othersWord(t, why)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Agents who are only counted may be not ready for different reasons. */
function othersWord(t: Text, why: string): string {
  return why === "not_ready" ? t("why.others.not_ready") : textOr(`why.passed.${why}`, why);
}

/** How many agents a choice looked at, named or counted. */
export function comparedAgents(reason: AssignmentReason): number {
  return Object.values(reason.others).reduce((sum, agents) => sum + agents, reason.candidates.length);
}

/** One line of an assignment: queue, place, waited, rule. */
export function ReasonLine({ reason }: { reason: AssignmentReason }) {
  const t = useText();
  const queueName = useQueueName();
  return (
    <p>
      {t("why.place", { queue: queueName(reason.queue), place: reason.place })} · {t("why.waited")}{" "}
      <span className="figure">{durationOrDash(reason.waited_ms)}</span> · {t("why.rule", { rule: ruleWord(reason.strategy) })}
    </p>
  );
}

export function ReasonDrawer({ open, close, call }: { open: boolean; close: () => void; call: CallLive | undefined }) {
  const t = useText();
  return (
    <Drawer open={open} onClose={close} size={DRAWER_WIDTH} title={t("why.title")} mask={false} rootClassName="why-drawer" closable={{ "aria-label": t("help.close") }}>
      {open && (call ? <CallReason call={call} /> : <p>{text("why.gone")}</p>)}
    </Drawer>
  );
}

function CallReason({ call }: { call: CallLive }) {
  const t = useText();
  const queueName = useQueueName();
  const agentName = useAgentName();
  const offered = call.offered;
  return (
    <div className="why">
      <p className="why-call figure">{phoneNumber(call.caller)}</p>
      {call.queue != null && (
        <p>
          {call.place == null ? queueName(call.queue) : t("why.place", { queue: queueName(call.queue), place: call.place })}
          {call.queued != null && <> · {t("why.waited")} <Since at={call.queued} /></>}
        </p>
      )}
      {offered ? (
        <>
          <p>
            {t("why.offeredAt", { at: clockTime(offered.since), agent: agentName(offered.agent) })} · {t("why.rule", { rule: ruleWord(offered.reason.strategy) })}
          </p>
          <h2>{t("why.candidates")}</h2>
          <CandidateTable reason={offered.reason} />
        </>
      ) : (
        call.queue != null && <Present queue={call.queue} />
      )}
    </div>
  );
}

/** No choice has been made yet, so there is no reason to show: only why each agent cannot take it at this moment. */
function Present({ queue }: { queue: string }) {
  const t = useText();
  const all = useLive((state) => state.agents);
  const agents = [...all.values()].filter((agent) => agent.queues.includes(queue) && agent.state !== "logged_out");
  if (agents.length === 0) return <p>{t("why.nobody")}</p>;
  return (
    <>
      <h2>{t("why.present")}</h2>
      <p className="faint">{t("why.presentFrom")}</p>
      <table className="grid">
        <tbody>
          {agents.map((agent) => (
            <tr key={agent.agent}>
              <td>{agent.agent} {agent.name}</td>
              <td><AgentPill agent={agent} /></td>
              <td>{agent.phone_registered ? (agent.state === "ready" ? t("why.free") : "") : t("why.passed.unreachable")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>{t("why.next")}</p>
    </>
  );
}
