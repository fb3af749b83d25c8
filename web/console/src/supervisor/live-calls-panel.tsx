// Every call of the site now, oldest first; ending one takes two steps.
import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { CallLive } from "../api/types";
import { command } from "../live/command";
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { CommandButton } from "../parts/command-button";
import { Loading } from "../parts/faces";
import { Icon } from "../parts/icons";
import { useAgentName, useQueueName } from "../parts/names";
import { PhasePill } from "../parts/state-pill";
import { useText } from "../text";
import { phoneNumber } from "../text/format";

/** An armed second step disarms itself after this long. */
const ARMED_MS = 5_000;

/** Since when the call is in its present phase. */
export function phaseSince(call: CallLive): number {
  switch (call.phase) {
    case "talking":
      return call.joined ?? call.arrived;
    case "ringing":
      return call.offered?.since ?? call.arrived;
    case "queued":
      return call.queued ?? call.arrived;
    case "ivr":
    case "message":
    case "ending":
      return call.arrived;
  }
}

export function LiveCallsPanel({ why }: { why: (call: string) => void }) {
  const t = useText();
  const known = useLive((state) => state.known);
  const calls = useLive((state) => state.calls);
  const sorted = [...calls.values()].sort((a, b) => a.arrived - b.arrived || (a.call < b.call ? -1 : 1));
  return (
    <section className="panel floor-calls" aria-labelledby="floor-calls">
      <header><h2 id="floor-calls">{t("sup.liveCalls")}</h2><span className="faint figure">{known && sorted.length}</span></header>
      <div className="scroll" tabIndex={0} role="group" aria-labelledby="floor-calls">
        {!known && <Loading rows={3} />}
        {known && sorted.length === 0 && <p className="blank">{t("sup.noCalls")}</p>}
        {sorted.length > 0 && (
          <table className="grid dense fixed">
            <thead>
              <tr>
                <th>{t("sup.caller")}</th>
                <th>{t("sup.called")}</th>
                <th className="phase">{t("sup.phase")}</th>
                <th className="number">{t("sup.for")}</th>
                <th>{t("sup.with")}</th>
                <th className="acts"><span className="hidden-text">{t("sup.end")}</span></th>
              </tr>
            </thead>
            <tbody>{sorted.map((call) => <CallRow key={call.call} call={call} why={why} />)}</tbody>
          </table>
        )}
      </div>
    </section>
  );
}

function CallRow({ call, why }: { call: CallLive; why: (call: string) => void }) {
  const t = useText();
  const queueName = useQueueName();
  const agentName = useAgentName();
  const number = phoneNumber(call.caller);
  const agent = call.agent ?? call.offered?.agent;
  const other = agent != null ? agentName(agent) : call.queue != null ? queueName(call.queue) : (call.node ?? call.extension ?? "–");
  return (
    <tr>
      <td className="figure">
        {number}
        {call.recording && <span className="recording-mark beside" title={t("bar.recording")}><Icon name="recording" size={10} /><span className="hidden-text">{t("bar.recording")}</span></span>}
      </td>
      <td className="figure">{phoneNumber(call.called)}</td>
      <td><PhasePill phase={call.phase} /></td>
      <td className="number"><Since at={phaseSince(call)} /></td>
      <td className="cut with" title={other}>{other}</td>
      <td className="acts">
        {call.queue != null && (
          <button type="button" className="row-act" aria-label={`${t("sup.why")} ${number}`} onClick={() => why(call.call)}>{t("sup.why")}</button>
        )}
        <EndCall call={call.call} number={number} />
      </td>
    </tr>
  );
}

/** The second button names the consequence and stands beside the first; nothing happens without it. */
function EndCall({ call, number }: { call: string; number: string }) {
  const t = useText();
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    if (!armed) return undefined;
    const timer = setTimeout(() => setArmed(false), ARMED_MS);
    return () => clearTimeout(timer);
  }, [armed]);
  const end = () => {
    setArmed(false);
    command(`end:${call}`, { send: (key) => api.endCall(call, key), confirmed: (state) => !state.calls.has(call) });
  };
  return (
    <span className="end-call">
      {armed && <button type="button" className="row-act danger" onClick={end}>{t("sup.endArmed")}</button>}
      <CommandButton name={`end:${call}`} size="small" type="text" className="row-command" aria-label={`${t("sup.end")} ${number}`} onPress={() => setArmed(!armed)}>
        {t("sup.end")}
      </CommandButton>
    </span>
  );
}
