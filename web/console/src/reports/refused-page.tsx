// Calls the exchange turned away, with the reason in words, within a second.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useRef, useState } from "react";
import { api } from "../api/client";
import type { CallRecord, RefusedLive } from "../api/types";
import { useLive } from "../live/store";
import { AsOf } from "../parts/as-of";
import { Face, Failed, Loading } from "../parts/faces";
import { Icon } from "../parts/icons";
import { useText } from "../text";
import { phoneNumber } from "../text/format";
import { clockTime, day } from "../text/site-time";
import { reasonWord, remedyWord } from "./words";
import "./reports.css";

const STORED_ROWS = 200;

function liveForm(record: CallRecord): RefusedLive {
  const { call, caller, called, source } = record;
  return { call, at: record.arrived, caller, called, source, status: record.status ?? 0, reason: record.reason ?? "" };
}

/** Stored and live ones joined, newest first, each call once. */
export function joinedRefused(live: readonly RefusedLive[], stored: readonly CallRecord[]): RefusedLive[] {
  const known = new Set(live.map((refused) => refused.call));
  const older = stored.filter((record) => !known.has(record.call)).map(liveForm);
  return [...live, ...older].sort((a, b) => b.at - a.at);
}

export function RefusedPage() {
  const t = useText();
  const live = useLive((state) => state.refused);
  const stored = useQuery({ queryKey: ["refused"], queryFn: ({ signal }) => api.refused({ limit: STORED_ROWS }, signal) });
  const all = joinedRefused(live, stored.data?.items ?? []);
  const { rows, held, over, release } = useStill(all);
  const pending = stored.isPending && all.length === 0;
  return (
    <main className="page fill">
      <div className="page-head">
        <h1 className="grow">{t("ref.title")}</h1>
        <span className="held">
          {held > 0 && <>{t("ref.new", { n: held })} <Button size="small" onClick={release}>{t("ref.show")}</Button></>}
        </span>
        <AsOf />
      </div>
      <section className="panel grow-panel" aria-label={t("ref.title")}>
        {stored.isError && all.length > 0 && <p className="partial"><Icon name="warn" size={14} /> {t("face.partial")} <Button size="small" onClick={() => void stored.refetch()}>{t("face.retry")}</Button></p>}
        <div className="scroll" tabIndex={0} role="group" aria-label={t("ref.title")} {...over}>
          {pending && <Loading rows={12} />}
          {stored.isError && all.length === 0 && <Failed cause={stored.error} retry={() => void stored.refetch()} />}
          {!stored.isPending && !stored.isError && all.length === 0 && <Face title={t("ref.empty")}>{t("ref.emptyHint")}</Face>}
          {rows.length > 0 && <RefusedTable rows={rows} />}
        </div>
      </section>
    </main>
  );
}

function RefusedTable({ rows }: { rows: readonly RefusedLive[] }) {
  const t = useText();
  return (
    <table className="grid fixed refused">
      <thead>
        <tr>
          <th className="time">{t("ref.time")}</th>
          <th className="caller-number">{t("rec.caller")}</th>
          <th className="caller-number">{t("rec.called")}</th>
          <th className="source">{t("ref.source")}</th>
          <th className="number status">{t("ref.status")}</th>
          <th>{t("ref.reason")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((refused) => (
          <tr key={refused.call}>
            <td className="figure">
              <Link to="/reports/records/$call" params={{ call: refused.call }}>
                <span className="faint">{day(refused.at).slice(5)}</span> {clockTime(refused.at)}
              </Link>
            </td>
            <td className="figure">{phoneNumber(refused.caller)}</td>
            <td className="figure">{phoneNumber(refused.called)}</td>
            <td className="figure">{refused.source}</td>
            <td className="number">{refused.status}</td>
            <td title={remedyWord(refused.reason)}>{reasonWord(refused.reason, phoneNumber(refused.called))} <span className="faint remedy">{remedyWord(refused.reason)}</span></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** While the pointer or the focus is in the table no row moves: new ones are counted and shown when asked for. */
function useStill(all: readonly RefusedLive[]) {
  const [inside, setInside] = useState(false);
  const shown = useRef<readonly RefusedLive[]>(all);
  const [, again] = useState(0);
  if (!inside || shown.current.length === 0) shown.current = all;
  const known = new Set(shown.current.map((refused) => refused.call));
  const held = all.filter((refused) => !known.has(refused.call)).length;
  const release = () => {
    shown.current = all;
    again((count) => count + 1);
  };
  const over = {
    onPointerEnter: () => setInside(true),
    onPointerLeave: () => setInside(false),
    onFocus: () => setInside(true),
    onBlur: () => setInside(false),
  };
  return { rows: shown.current, held, over, release };
}
