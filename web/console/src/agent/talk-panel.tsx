// In conversation: the caller, each connection with its own timer, and whether it is being recorded.
import type { AgentLive } from "../api/types";
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { CommandButton } from "../parts/command-button";
import { CopyButton } from "../parts/copy-button";
import { Icon } from "../parts/icons";
import { StatePill } from "../parts/state-pill";
import { shown } from "../shell/shortcuts";
import { useText } from "../text";
import { phoneNumber, shortId } from "../text/format";
import { CallFacts } from "./call-facts";
import { HANG_UP_COMMAND, orders } from "./orders";
import { CallsOfCaller } from "./own-calls";

export function TalkPanel({ me }: { me: AgentLive }) {
  const t = useText();
  const call = useLive((state) => (me.call ? state.calls.get(me.call) : undefined));
  const joined = call?.joined ?? me.since;
  return (
    <>
      <header>
        <StatePill state="talking" />
        <span className="grow" />
        <span className="soft">{t("talk.call")}</span>
        <Since at={joined} />
        <span className={call?.recording ? "recording-mark" : "faint"}>
          <Icon name={call?.recording ? "recording" : "logged_out"} size={12} />
          {t(call?.recording ? "talk.recording" : "talk.notRecorded")}
        </span>
      </header>
      <div className="work-body">
        <p className="caller figure">
          {call ? phoneNumber(call.caller) : "–"}
          {call && <CopyButton value={call.caller} />}
        </p>
        {call && <CallFacts call={call} />}
        <table className="grid connections">
          <tbody>
            <tr>
              <td><StatePill state="talking" /></td>
              <td>{t("talk.customer")}</td>
              <td className="figure">{call ? phoneNumber(call.caller) : "–"}</td>
              <td className="number"><Since at={joined} /></td>
            </tr>
            <tr>
              <td><StatePill state="talking" /></td>
              <td>{t("talk.agent", { agent: me.agent })}</td>
              <td className="figure">{me.extension ?? "–"}</td>
              <td className="number"><Since at={joined} /></td>
            </tr>
          </tbody>
        </table>
        <div className="work-acts">
          <p className="grow faint call-id">
            {call && <>{t("talk.callId")} <code title={call.call}>{shortId(call.call)}</code> <CopyButton value={call.call} /></>}
          </p>
          <CommandButton
            fate="above" name={HANG_UP_COMMAND} className="big slot-hang" onPress={() => orders.hangUp(me.agent)}
            askedWord={t("bar.hangingUp")} shortcut={shown("hangUp")}
          >
            <Icon name="hangUp" size={20} />{t("bar.hangUp")}<kbd>{shown("hangUp")}</kbd>
          </CommandButton>
        </div>
        {call && <CallsOfCaller caller={call.caller} except={call.call} />}
      </div>
    </>
  );
}
