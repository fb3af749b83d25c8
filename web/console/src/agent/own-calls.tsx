// A short list of calls at the desk: the agent's own of today between calls, those of the caller while there is one.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "../api/client";
import type { CallRecord } from "../api/types";
import { useToday } from "../live/today";
import { EndPill } from "../parts/end-pill";
import { Failed, Loading } from "../parts/faces";
import { useQueueName } from "../parts/names";
import { useText } from "../text";
import { durationOrDash, phoneNumber } from "../text/format";
import { clockTime, day, dayStart } from "../text/site-time";

/** The largest page of the API; an agent's day is far below it. */
const DAY_RECORDS_MAX = 500;
/** What fits beside a ringing call without scrolling. */
const CALLER_RECORDS_MAX = 10;

/** The agent's own records of today, newest first. */
export function useMyRecords(agent: string) {
  const today = useToday();
  return useQuery({
    queryKey: ["my-records", agent, today],
    queryFn: ({ signal }) => api.records({ agent, from: dayStart(today), limit: DAY_RECORDS_MAX }, signal),
    placeholderData: keepPreviousData,
  });
}

export function CallsOfToday({ agent }: { agent: string }) {
  const t = useText();
  return <CallList title={t("agent.callsToday")} empty={t("agent.noCallsToday")} records={useMyRecords(agent)} callers />;
}

/** Earlier calls of this number, as far as one may see them: an agent sees the own ones. */
export function CallsOfCaller({ caller, except }: { caller: string; except: string | undefined }) {
  const t = useText();
  const records = useQuery({
    queryKey: ["records-of", caller],
    queryFn: ({ signal }) => api.records({ number: caller, limit: CALLER_RECORDS_MAX }, signal),
    // A caller without a number has nothing in common with the next one.
    enabled: /^\+?\d+$/.test(caller),
  });
  return <CallList title={t("agent.callsOfCaller")} empty={t("agent.noCallsOfCaller")} records={records} except={except} />;
}

interface CallListProps {
  title: string;
  empty: string;
  records: ReturnType<typeof useMyRecords>;
  except?: string | undefined;
  /** Whether the calls are of different callers. */
  callers?: boolean;
}

function CallList({ title, empty, records, except, callers = false }: CallListProps) {
  const items = records.data?.items.filter((record) => record.call !== except);
  return (
    <section className="own-calls" aria-label={title}>
      <h2>{title}</h2>
      <div className="scroll" tabIndex={0} role="group" aria-label={title}>
        {records.isLoading && <Loading rows={3} />}
        {records.isError && !items && <Failed cause={records.error} retry={() => void records.refetch()} />}
        {(items?.length === 0 || records.fetchStatus === "idle" && records.isPending) && <p className="faint">{empty}</p>}
        {items && items.length > 0 && <CallTable records={items} callers={callers} />}
      </div>
    </section>
  );
}

function CallTable({ records, callers }: { records: readonly CallRecord[]; callers: boolean }) {
  const t = useText();
  const queueName = useQueueName();
  const today = useToday();
  return (
    <table className="grid fixed dense">
      <thead>
        <tr>
          <th>{t("rec.time")}</th>
          {callers && <th>{t("rec.caller")}</th>}
          <th>{t("rec.queue")}</th>
          <th className="number">{t("rec.talked")}</th>
          <th>{t("rec.state")}</th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <tr key={record.call}>
            <td className="figure">
              <Link to="/reports/records/$call" params={{ call: record.call }}>
                {day(record.arrived) !== today && <span className="faint">{day(record.arrived).slice(5)}</span>} {clockTime(record.arrived)}
              </Link>
            </td>
            {callers && <td className="figure">{phoneNumber(record.caller)}</td>}
            <td>{queueName(record.queue)}</td>
            <td className="number">{durationOrDash(record.joined == null ? undefined : record.talked_ms)}</td>
            <td><EndPill state={record.state} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
