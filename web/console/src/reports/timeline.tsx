// The legs of a call over its time axis: flow, queue, each agent asked, conversation.
import type { CallRecord } from "../api/types";
import { useAgentName } from "../parts/names";
import { type Text, textOr, useText } from "../text";
import { duration } from "../text/format";
import { clockTime } from "../text/site-time";
import { type Lane, lanesOf, type Span, spansOf, ticks } from "./spans";

const TICKS_MAX = 8;

function laneWord(t: Text, lane: Lane, agentName: (agent: string | undefined) => string): string {
  if (lane.agent !== undefined) return agentName(lane.agent);
  if (lane.kind === "ivr") return t("one.leg.ivr");
  return t(lane.kind === "queue" ? "one.leg.queue" : "one.leg.message");
}

function spanWord(t: Text, span: Span): string {
  if (span.kind === "offer") return span.end ? textOr(`offerEnd.${span.end}`, span.end) : t("state.offered");
  if (span.kind === "talk") return t("state.talking");
  return "";
}

export function Timeline({ record }: { record: CallRecord }) {
  const t = useText();
  const agentName = useAgentName();
  const start = record.arrived;
  const length = Math.max(1, record.ended - start);
  const share = (at: number) => `${(100 * Math.min(length, Math.max(0, at - start))) / length}%`;
  const lanes = lanesOf(spansOf(record));
  return (
    <div className="timeline">
      <div className="lane axis" aria-hidden="true">
        <span className="lane-name" />
        <div className="lane-track">
          {ticks(length, TICKS_MAX).map((at) => <span key={at} className="tick figure" style={{ left: share(start + at) }}>{duration(at)}</span>)}
        </div>
      </div>
      <ol>
        <li className="lane">
          <span className="lane-name cut">{t("one.leg.caller")}</span>
          <div className="lane-track"><SpanBar left="0%" right="0%" kind="caller" word={duration(length)} title={`${clockTime(start)} – ${clockTime(record.ended)}`} /></div>
        </li>
        {lanes.map((lane, index) => {
          const name = laneWord(t, lane, agentName);
          return (
            <li key={index} className="lane">
              <span className="lane-name cut" title={name}>{name}</span>
              <div className="lane-track">
                {lane.spans.map((span, at) => {
                  // The figure first: in a narrow bar it is what stays.
                  const word = [duration(span.to - span.from), spanWord(t, span)].filter(Boolean).join(" ");
                  return (
                    <SpanBar
                      key={at} kind={span.end === "answered" || span.kind !== "offer" ? span.kind : "missed"} word={word}
                      left={share(span.from)} right={`${100 - Number.parseFloat(share(span.to))}%`}
                      title={`${name} ${word}, ${clockTime(span.from)} – ${clockTime(span.to)}`}
                    />
                  );
                })}
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function SpanBar({ kind, left, right, word, title }: { kind: string; left: string; right: string; word: string; title: string }) {
  return <span className={`span span-${kind}`} style={{ left, right }} title={title}><span className="figure">{word}</span></span>;
}
