// The agent's own figures of today, from the records: one's own, never a ranking.
import { useEffect, useRef } from "react";
import type { CallRecord } from "../api/types";
import { useLive } from "../live/store";
import { Failed, Loading } from "../parts/faces";
import { useText } from "../text";
import { duration, durationOrDash } from "../text/format";
import { useMyRecords } from "./own-calls";

/** The record is written just after the conversation ends. */
const SETTLE_MS = 1_500;

export interface Day {
  answered: number;
  waitedMs: number;
  talkedMs: number;
}

export function dayOf(agent: string, records: readonly CallRecord[]): Day {
  const mine = records.filter((record) => record.agent === agent && record.joined != null);
  return {
    answered: mine.length,
    talkedMs: mine.reduce((sum, record) => sum + record.talked_ms, 0),
    waitedMs: mine.reduce((sum, record) => sum + record.waited_ms, 0),
  };
}

export function MyDay({ agent }: { agent: string }) {
  const t = useText();
  const records = useMyRecords(agent);
  useAgainAfterCalls(agent, () => void records.refetch());
  const day = records.data && dayOf(agent, records.data.items);
  return (
    <section className="panel" aria-labelledby="my-day">
      <header><h2 id="my-day">{t("agent.myDay")}</h2></header>
      {records.isError && !day && <Failed cause={records.error} retry={() => void records.refetch()} />}
      {records.isPending && <Loading rows={2} />}
      {day && (
        <dl className="day">
          <div><dt>{t("agent.answered")}</dt><dd className="figure">{day.answered}</dd></div>
          <div><dt>{t("agent.talk")}</dt><dd className="figure">{duration(day.talkedMs)}</dd></div>
          <div><dt>{t("agent.average")}</dt><dd className="figure">{durationOrDash(day.answered > 0 ? day.talkedMs / day.answered : undefined)}</dd></div>
          <div><dt>{t("agent.averageWait")}</dt><dd className="figure">{durationOrDash(day.answered > 0 ? day.waitedMs / day.answered : undefined)}</dd></div>
        </dl>
      )}
    </section>
  );
}

/** Reads again when the agent comes out of a call or an offer. */
function useAgainAfterCalls(agent: string, again: () => void): void {
  const busy = useLive((state) => ["offered", "talking"].includes(state.agents.get(agent)?.state ?? ""));
  const latest = useRef(again);
  const before = useRef(busy);
  useEffect(() => {
    latest.current = again;
  });
  useEffect(() => {
    const over = before.current && !busy;
    before.current = busy;
    if (!over) return undefined;
    const timer = setTimeout(() => latest.current(), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [busy]);
}
