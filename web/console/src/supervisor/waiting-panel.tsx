// Who waits, in the order in which they wait. New ones join at the end, so nothing moves but upward as others leave.
import type { CallLive } from "../api/types";
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { Loading } from "../parts/faces";
import { useAgentName, useQueueName } from "../parts/names";
import { useText } from "../text";
import { phoneNumber } from "../text/format";
import { WAIT_LIMIT_MS } from "./limits";

export function waitingCalls(calls: Iterable<CallLive>): CallLive[] {
  return [...calls]
    .filter((call) => call.phase === "queued" || (call.phase === "ringing" && call.queue != null))
    .sort((a, b) => (a.queued ?? a.arrived) - (b.queued ?? b.arrived) || (a.call < b.call ? -1 : 1));
}

export function WaitingPanel({ why }: { why: (call: string) => void }) {
  const t = useText();
  const known = useLive((state) => state.known);
  const calls = useLive((state) => state.calls);
  const queueName = useQueueName();
  const agentName = useAgentName();
  const waiting = waitingCalls(calls.values());
  return (
    <section className="panel floor-waiting" aria-labelledby="floor-waiting">
      <header><h2 id="floor-waiting">{t("sup.waitingList")}</h2><span className="faint figure">{known && waiting.length}</span></header>
      <div className="scroll" tabIndex={0} role="group" aria-labelledby="floor-waiting">
        {!known && <Loading rows={3} />}
        {known && waiting.length === 0 && <p className="blank">{t("sup.noWaiting")}</p>}
        {waiting.length > 0 && (
          <table className="grid dense fixed">
            <thead>
              <tr>
                <th>{t("sup.caller")}</th>
                <th>{t("sup.queue")}</th>
                <th className="number narrow">{t("sup.place")}</th>
                <th className="number waited">{t("sup.waited")}</th>
                <th className="ringing">{t("sup.ringing")}</th>
                <th className="act"><span className="hidden-text">{t("sup.why")}</span></th>
              </tr>
            </thead>
            <tbody>
              {waiting.map((call) => (
                <tr key={call.call}>
                  <td className="figure">{phoneNumber(call.caller)}</td>
                  <td>{queueName(call.queue)}</td>
                  <td className="number figure">{call.place ?? "–"}</td>
                  <td className="number"><Since at={call.queued} limitMs={WAIT_LIMIT_MS} /></td>
                  <td className="cut">{call.offered ? agentName(call.offered.agent) : "–"}</td>
                  <td className="act">
                    <button type="button" className="row-act" aria-label={`${t("sup.why")} ${phoneNumber(call.caller)}`} onClick={() => why(call.call)}>
                      {t("sup.why")}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}
