// Records: a dense list whose filter is its address, so that every view can be linked and Back restores it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Button } from "antd";
import { api } from "../api/client";
import type { CallRecord } from "../api/types";
import { useToday } from "../live/today";
import { EndPill } from "../parts/end-pill";
import { Face, Failed, Loading } from "../parts/faces";
import { Icon, type IconName } from "../parts/icons";
import { useAgentName, useQueueName } from "../parts/names";
import { SiteZone } from "../parts/site-zone";
import { useText } from "../text";
import { durationOrDash, phoneNumber } from "../text/format";
import { clockTime, day } from "../text/site-time";
import { filters, recordsQuery } from "./filter";
import { FilterBar } from "./filter-bar";
import "./reports.css";

export function RecordsPage() {
  const t = useText();
  const filter = useSearch({ from: "/shell/reports/records" });
  const query = recordsQuery(filter, useToday());
  const records = useQuery({
    queryKey: ["records", query],
    queryFn: ({ signal }) => api.records(query, signal),
    placeholderData: keepPreviousData,
  });
  const items = records.data?.items;
  const next = records.data?.next_cursor ?? undefined;
  return (
    <main className="page fill">
      <div className="records-head">
        <h1>{t("rec.title")}</h1>
        <FilterBar filter={filter} />
        <div className="row pager">
          <SiteZone />
          <Button onClick={() => void records.refetch()} title={t("rec.reload")} aria-label={t("rec.reload")} icon={<Icon name="reload" size={14} />} />
          <PageLink word={t("rec.newest")} cursor={undefined} here={filter.cursor === undefined} />
          <PageLink word={t("rec.older")} cursor={next} here={next === undefined} />
        </div>
      </div>
      <section className="panel grow-panel" aria-label={t("rec.title")} aria-busy={records.isFetching}>
        <div className="scroll" tabIndex={0} role="group" aria-label={t("rec.title")}>
          {records.isPending && <Loading rows={15} />}
          {records.isError && !items && <Failed cause={records.error} retry={() => void records.refetch()} />}
          {items?.length === 0 && (
            <Face title={t("rec.empty")} act={filters(filter) ? <Link to="/reports/records" search={{}}>{t("rec.clear")}</Link> : undefined}>
              {t("rec.emptyHint")}
            </Face>
          )}
          {items && items.length > 0 && <RecordTable records={items} />}
        </div>
      </section>
    </main>
  );
}

function PageLink({ word, cursor, here }: { word: string; cursor: string | undefined; here: boolean }) {
  const filter = useSearch({ from: "/shell/reports/records" });
  if (here) return <span className="page-link" aria-disabled="true">{word}</span>;
  return <Link className="page-link" to="/reports/records" search={{ ...filter, cursor }}>{word}</Link>;
}

const WAYS: Record<CallRecord["direction"], IconName> = { inbound: "inward", outbound: "outward", internal: "inside" };

function RecordTable({ records }: { records: readonly CallRecord[] }) {
  const t = useText();
  return (
    <table className="grid fixed records">
      <thead>
        <tr>
          <th className="time">{t("rec.time")}</th>
          <th className="way">{t("rec.direction")}</th>
          <th>{t("rec.caller")}</th>
          <th>{t("rec.called")}</th>
          <th>{t("rec.queue")}</th>
          <th>{t("rec.agent")}</th>
          <th className="number duration">{t("rec.waited")}</th>
          <th className="number duration">{t("rec.talked")}</th>
          <th className="state">{t("rec.state")}</th>
          <th className="by">{t("rec.by")}</th>
          <th className="sound">{t("rec.recording")}</th>
        </tr>
      </thead>
      <tbody>{records.map((record) => <RecordRow key={record.call} record={record} />)}</tbody>
    </table>
  );
}

function RecordRow({ record }: { record: CallRecord }) {
  const t = useText();
  const navigate = useNavigate();
  const queueName = useQueueName();
  const agentName = useAgentName();
  const open = { to: "/reports/records/$call", params: { call: record.call } } as const;
  return (
    <tr className="opens" onClick={() => void navigate(open)}>
      <td className="figure">
        <Link {...open} onClick={(event) => event.stopPropagation()}>
          <span className="faint">{day(record.arrived).slice(5)}</span> {clockTime(record.arrived)}
        </Link>
      </td>
      <td><span className="row way-word"><Icon name={WAYS[record.direction]} size={12} />{t(`direction.${record.direction}`)}</span></td>
      <td className="figure">{phoneNumber(record.caller)}</td>
      <td className="figure">{phoneNumber(record.called)}</td>
      <td>{queueName(record.queue)}</td>
      <td>{agentName(record.agent)}</td>
      <td className="number">{record.queued == null ? "–" : durationOrDash(record.waited_ms)}</td>
      <td className="number">{record.joined == null ? "–" : durationOrDash(record.talked_ms)}</td>
      <td><EndPill state={record.state} /></td>
      <td>{t(`by.${record.by}`)}</td>
      <td>{record.recordings.length > 0 && <span title={t("rec.hasRecording")}><Icon name="record" size={14} /><span className="hidden-text">{t("rec.hasRecording")}</span></span>}</td>
    </tr>
  );
}
