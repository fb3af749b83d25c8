// A call rings: who, for what, how long, why you; and one large button that never moves.
import { useState } from "react";
import type { AgentLive, AssignmentReason, CallLive } from "../api/types";
import { Left, Since, Until } from "../live/since";
import { useLive } from "../live/store";
import { CommandButton } from "../parts/command-button";
import { Icon } from "../parts/icons";
import { useQueueName } from "../parts/names";
import { comparedAgents, ReasonDrawer } from "../parts/reason";
import { shown, useShortcuts } from "../shell/shortcuts";
import { useText } from "../text";
import { duration, durationOrDash, phoneNumber } from "../text/format";
import { CallFacts } from "./call-facts";
import { ANSWER_COMMAND, HANG_UP_COMMAND, orders } from "./orders";
import { CallsOfCaller } from "./own-calls";

export function RingPanel({ me }: { me: AgentLive }) {
  const t = useText();
  const queueName = useQueueName();
  const [why, setWhy] = useState(false);
  const call = useLive((state) => (me.call ? state.calls.get(me.call) : undefined));
  const offered = call?.offered?.agent === me.agent ? call.offered : undefined;
  const since = offered?.since ?? me.since;
  useShortcuts({ why: offered ? () => setWhy(!why) : undefined });
  return (
    <>
      <header className="ring-head">
        <span className="pill pill-offered"><Icon name="offered" size={12} />{t(`ring.${call?.direction ?? "inbound"}`)}</span>
        <h2 className="grow cut">{queueName(call?.queue)}</h2>
        <Since at={since} />
        {offered?.ring_until != null && <span className="faint figure">{t("ring.of", { max: duration(offered.ring_until - since) })}</span>}
      </header>
      {offered?.ring_until != null ? <Left from={since} to={offered.ring_until} className="ring-line" /> : <span className="ring-line" />}
      <div className="work-body" role="alert" aria-live="assertive">
        <div className="work-top">
          <div className="grow">
            <p className="caller figure">{call ? phoneNumber(call.caller) : "–"}</p>
            {call && <CallFacts call={call} />}
          </div>
          {offered?.ring_until != null && <RingClock from={since} to={offered.ring_until} />}
        </div>
        <WhyLine call={call} reason={offered?.reason} open={() => setWhy(true)} />
        <div className="work-acts">
          <CommandButton
            fate="above" name={ANSWER_COMMAND} className="big answer" onPress={() => orders.answer(me.agent)}
            askedWord={t("bar.answering")} shortcut={shown("answer")}
          >
            <Icon name="answer" size={20} />{t("bar.answer")}<kbd>{shown("answer")}</kbd>
          </CommandButton>
          <span className="grow" />
          <CommandButton fate="above" name={HANG_UP_COMMAND} className="big" onPress={() => orders.hangUp(me.agent)} askedWord={t("ring.declining")}>
            {t("ring.decline")}
          </CommandButton>
        </div>
        {call && <CallsOfCaller caller={call.caller} except={call.call} />}
      </div>
      {offered && call && <ReasonDrawer open={why} close={() => setWhy(false)} call={call} />}
    </>
  );
}

function RingClock({ from, to }: { from: number; to: number }) {
  const t = useText();
  return (
    <div className="ring-clock" role="timer" aria-label={t("ring.left")}>
      <Left from={from} to={to} className="ring-clock-face" />
      <Until at={to} />
    </div>
  );
}

function WhyLine({ call, reason, open }: { call: CallLive | undefined; reason: AssignmentReason | undefined; open: () => void }) {
  const t = useText();
  const queueName = useQueueName();
  const chosen = reason?.candidates[0];
  return (
    <p className="why-line">
      <span className="soft">{t("ring.why")}</span>{" "}
      {reason && call
        ? t("ring.whyText", { queue: queueName(reason.queue), place: reason.place, idle: durationOrDash(chosen?.idle_ms), n: comparedAgents(reason) })
        : "–"}{" "}
      {reason && <button type="button" className="link" onClick={open} title={shown("why")}>{t("ring.whyDetails")}</button>}
    </p>
  );
}
