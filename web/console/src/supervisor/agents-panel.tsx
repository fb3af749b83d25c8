// Every agent: state icon, word and time. Ordered by agent number, so that no row moves under the pointer.
import { Input } from "antd";
import { useRef, useState } from "react";
import { UNREACHABLE } from "../agent/orders";
import type { AgentLive } from "../api/types";
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { Loading } from "../parts/faces";
import { Icon } from "../parts/icons";
import { pendingWord, StatePill, stateWord } from "../parts/state-pill";
import { useRowWindow } from "../parts/windowed";
import { useText } from "../text";
import { NOT_READY_LIMIT_MS } from "./limits";

const ROW_HEIGHT = 32;

/** Agent number, name, queue or state word, as typed. */
export function agentMatches(agent: AgentLive, filter: string): boolean {
  const words = filter.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const text = [agent.agent, agent.name, agent.extension ?? "", ...agent.queues, stateWord(agent.state, agent.reason)].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

export function AgentsPanel() {
  const t = useText();
  const known = useLive((state) => state.known);
  const all = useLive((state) => state.agents);
  const [filter, setFilter] = useState("");
  const scroller = useRef<HTMLDivElement>(null);
  const agents = [...all.values()].filter((agent) => agentMatches(agent, filter)).sort((a, b) => a.agent.localeCompare(b.agent, "en", { numeric: true }));
  const { first, end } = useRowWindow(scroller, agents.length, ROW_HEIGHT);
  return (
    <section className="panel floor-agents" aria-labelledby="floor-agents">
      <header>
        <h2 id="floor-agents">{t("sup.agents")}</h2>
        <span className="faint figure grow">{known && agents.length}</span>
        <Input
          size="small" className="agent-filter" value={filter} onChange={(event) => setFilter(event.target.value)}
          placeholder={t("sup.filterAgents")} aria-label={t("sup.filterAgents")} allowClear
        />
      </header>
      <div className="scroll" ref={scroller} tabIndex={0} role="group" aria-labelledby="floor-agents">
        {!known && <Loading rows={12} />}
        {known && agents.length === 0 && <p className="blank">{t(filter ? "sup.noMatch" : "sup.noAgents")}</p>}
        {agents.length > 0 && (
          <table className="grid fixed" aria-rowcount={agents.length}>
            <thead className="hidden-head"><tr><th>{t("sup.agent")}</th><th>{t("bar.state")}</th><th>{t("sup.for")}</th></tr></thead>
            <tbody>
              {first > 0 && <tr style={{ height: first * ROW_HEIGHT }} aria-hidden="true"><td colSpan={3} /></tr>}
              {agents.slice(first, end).map((agent, index) => <AgentRow key={agent.agent} agent={agent} row={first + index + 1} />)}
              {end < agents.length && <tr style={{ height: (agents.length - end) * ROW_HEIGHT }} aria-hidden="true"><td colSpan={3} /></tr>}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}

function AgentRow({ agent, row }: { agent: AgentLive; row: number }) {
  const t = useText();
  const atWork = agent.state !== "logged_out";
  // "Not ready: no phone" says it already.
  const missing = atWork && !agent.phone_registered && agent.reason !== UNREACHABLE;
  return (
    <tr aria-rowindex={row}>
      <td className="cut" title={[agent.agent, agent.name, agent.extension, ...agent.queues].filter(Boolean).join(" · ")}>
        <span className="figure">{agent.agent}</span> {agent.name}
      </td>
      <td className="cut">
        <span className="row pill-row">
          <StatePill state={agent.state} reason={agent.reason} />
          {agent.pending && <span className="faint cut" title={t("bar.next", { next: pendingWord(agent.pending) })}>→ {pendingWord(agent.pending)}</span>}
          {missing && <span className="phone-missing" title={t("sup.phone.missing")}><Icon name="warn" size={14} /><span className="hidden-text">{t("sup.phone.missing")}</span></span>}
        </span>
      </td>
      <td className="number">{atWork && <Since at={agent.since} limitMs={agent.state === "not_ready" ? NOT_READY_LIMIT_MS : undefined} />}</td>
    </tr>
  );
}
