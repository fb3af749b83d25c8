// What is known of a call, as labelled values in fixed places.
import type { CallLive } from "../api/types";
import { Since } from "../live/since";
import { useQueueName } from "../parts/names";
import { useText } from "../text";
import { durationOrDash, phoneNumber } from "../text/format";

export function CallFacts({ call }: { call: CallLive }) {
  const t = useText();
  const queueName = useQueueName();
  // The customer waits until somebody answers: ringing counts.
  const waited = call.queued != null && call.joined != null ? call.joined - call.queued : undefined;
  const path = [call.flow, call.node].filter(Boolean).join(" › ");
  return (
    <dl className="facts">
      <div><dt>{t("ring.called")}</dt><dd className="figure">{phoneNumber(call.called)}</dd></div>
      <div><dt>{t("sup.queue")}</dt><dd>{queueName(call.queue)}</dd></div>
      <div>
        <dt>{t("ring.waited")}</dt>
        <dd className="figure">{waited === undefined && call.queued != null ? <Since at={call.queued} /> : durationOrDash(waited)}</dd>
      </div>
      <div><dt>{t("ring.path")}</dt><dd className="cut" title={path}>{path || "–"}</dd></div>
      <div><dt>{t("ring.digits")}</dt><dd className="figure digits">{call.digits || "–"}</dd></div>
    </dl>
  );
}
