// One call, whole: what happened when, who was asked and why, which way through the flow, and what was said.
import { useQuery } from "@tanstack/react-query";
import { useParams, useRouter } from "@tanstack/react-router";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { api, Problem } from "../api/client";
import type { CallRecord, OfferRecord } from "../api/types";
import { useLive } from "../live/store";
import { CopyButton } from "../parts/copy-button";
import { EndPill } from "../parts/end-pill";
import { Face, Failed, Loading } from "../parts/faces";
import { Icon } from "../parts/icons";
import { useAgentName, useQueueName } from "../parts/names";
import { CandidateTable, ReasonLine } from "../parts/reason";
import { SiteZone } from "../parts/site-zone";
import { useText } from "../text";
import { durationOrDash, phoneNumber } from "../text/format";
import { clockTime, dayAndTime } from "../text/site-time";
import { Player } from "./player";
import { Timeline } from "./timeline";
import { outletWord, reasonWord, remedyWord } from "./words";
import "./reports.css";

export function RecordPage() {
  const t = useText();
  const router = useRouter();
  const { call } = useParams({ from: "/shell/reports/records/$call" });
  const live = useLive((state) => state.calls.has(call));
  const record = useQuery({
    queryKey: ["record", call, live],
    queryFn: ({ signal }) => api.record(call, signal),
  });
  // A page opened by a link of its own has nothing behind it.
  const back = () => (router.history.canGoBack() ? router.history.back() : void router.navigate({ to: "/reports/records" }));
  const missing = record.error instanceof Problem && record.error.status === 404;
  return (
    <main className="page record-page">
      <div className="page-head">
        <Button size="small" icon={<Icon name="back" size={14} />} onClick={back}>{t("one.back")}</Button>
        <h1>{t("one.title")}</h1>
        <code className="faint">{call}</code>
        <CopyButton value={call} />
        <span className="grow" />
        <SiteZone />
      </div>
      {record.isPending && <Loading rows={12} />}
      {missing && <Face title={live ? t("one.live") : t("face.notFound.do")} />}
      {record.isError && !missing && <Failed cause={record.error} retry={() => void record.refetch()} />}
      {record.data && <Whole record={record.data} />}
    </main>
  );
}

function Whole({ record }: { record: CallRecord }) {
  const t = useText();
  return (
    <>
      <Facts record={record} />
      <section className="panel" aria-labelledby="one-timeline">
        <header><h2 id="one-timeline">{t("one.timeline")}</h2></header>
        <Timeline record={record} />
      </section>
      <section className="panel" aria-labelledby="one-recordings">
        <header>
          <h2 id="one-recordings" className="grow">{t("one.recordings")}</h2>
          {record.recordings.length > 0 && <span className="faint">{t("player.audited")}</span>}
        </header>
        {record.recordings.length === 0 && <p className="blank">{t("one.noRecording")}</p>}
        {record.recordings.map((entry) => <Player key={entry.recording} entry={entry} />)}
      </section>
      <div className="record-columns">
        <Offers offers={record.offers} />
        <Path record={record} />
      </div>
    </>
  );
}

function Facts({ record }: { record: CallRecord }) {
  const t = useText();
  const queueName = useQueueName();
  const agentName = useAgentName();
  const total = record.ended - record.arrived;
  return (
    <section className="panel" aria-label={t("one.facts")}>
      <div className="record-head">
        <span className="figure record-number">{phoneNumber(record.caller)}</span>
        <CopyButton value={record.caller} />
        <span aria-hidden="true">→</span>
        <span className="figure record-number">{phoneNumber(record.called)}</span>
        <span className="soft">{t(`direction.${record.direction}`)}</span>
        <EndPill state={record.state} />
        <span className="soft">{t("rec.byWhom", { who: t(`by.${record.by}`) })}</span>
      </div>
      <dl className="record-facts">
        <Pair word={t("rec.time")}>{dayAndTime(record.arrived)}</Pair>
        <Pair word={t("one.answered")}>{record.answered == null ? "–" : clockTime(record.answered)}</Pair>
        <Pair word={t("one.ended")}>{clockTime(record.ended)}</Pair>
        <Pair word={t("one.total")}>{durationOrDash(total)}</Pair>
        <Pair word={t("rec.queue")}>{queueName(record.queue)}</Pair>
        <Pair word={t("rec.waited")}>{record.queued == null ? "–" : durationOrDash(record.waited_ms)}</Pair>
        <Pair word={t("one.exit")}>{record.queue_exit == null ? "–" : t(`exit.${record.queue_exit}`)}</Pair>
        <Pair word={t("rec.agent")}>{agentName(record.agent)}{record.agent_extension != null && <span className="faint"> {record.agent_extension}</span>}</Pair>
        <Pair word={t("rec.talked")}>{record.joined == null ? "–" : durationOrDash(record.talked_ms)}</Pair>
        <Pair word={t("one.digits")}><span className="digits">{record.digits || "–"}</span></Pair>
        <Pair word={t("one.flow")}>{record.flow == null ? "–" : t("one.flowVersion", { flow: record.flow, version: record.flow_version ?? "–" })}</Pair>
        <Pair word={t("one.trunk")}>{record.trunk ?? record.extension ?? "–"}</Pair>
        <Pair word={t("one.source")}>{record.source}</Pair>
        {record.status != null && <Pair word={t("one.status")}>{record.status}</Pair>}
        {record.reason != null && <Pair word={t("one.reason")} wide>{reasonWord(record.reason, phoneNumber(record.called))} <span className="faint remedy">{remedyWord(record.reason)}</span></Pair>}
      </dl>
    </section>
  );
}

function Pair({ word, wide, children }: { word: string; wide?: boolean; children: ReactNode }) {
  return <div className={wide ? "wide" : ""}><dt>{word}</dt><dd className="figure">{children}</dd></div>;
}

function Offers({ offers }: { offers: readonly OfferRecord[] }) {
  const t = useText();
  const agentName = useAgentName();
  // The last choice is the one people ask about.
  const [open, setOpen] = useState(offers.length - 1);
  return (
    <section className="panel" aria-labelledby="one-offers">
      <header><h2 id="one-offers">{t("one.offers")}</h2><span className="faint figure">{offers.length}</span></header>
      {offers.length === 0 && <p className="blank">{t("one.noOffers")}</p>}
      {offers.map((offer, index) => (
        <div key={index} className="offer">
          <button type="button" className="offer-head" aria-expanded={open === index} onClick={() => setOpen(open === index ? -1 : index)}>
            <Icon name="caret" size={12} />
            <span className="figure">{clockTime(offer.offered)}</span>
            <strong className="cut grow">{agentName(offer.agent)} <span className="faint">{offer.extension}</span></strong>
            <span className="figure soft">{t("one.rang")} {durationOrDash(offer.ended != null && offer.rang != null ? offer.ended - offer.rang : undefined)}</span>
            <span className="offer-end">{offer.end == null ? "–" : t(`offerEnd.${offer.end}`)}</span>
          </button>
          {open === index && <div className="offer-why"><ReasonLine reason={offer.reason} /><CandidateTable reason={offer.reason} /></div>}
        </div>
      ))}
    </section>
  );
}

function Path({ record }: { record: CallRecord }) {
  const t = useText();
  return (
    <section className="panel" aria-labelledby="one-path">
      <header><h2 id="one-path">{t("one.path")}</h2></header>
      {record.path.length === 0 && <p className="blank">{t("one.noPath")}</p>}
      {record.path.length > 0 && (
        <table className="grid">
          <thead><tr><th>{t("one.at")}</th><th>{t("one.node")}</th><th>{t("one.outcome")}</th></tr></thead>
          <tbody>
            {record.path.map((step, index) => (
              <tr key={index}>
                <td className="figure">{clockTime(step.at)}</td>
                <td>{step.node}</td>
                <td>{step.outcome == null ? <span className="faint">{t("one.endedHere")}</span> : outletWord(step.outcome)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

