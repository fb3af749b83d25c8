// Between calls: why no call comes, or that one may; and for eight seconds how the last offer ended.
import { useEffect, useState } from "react";
import type { AgentLive } from "../api/types";
import { serverNow } from "../live/clock";
import type { EndedOffer, LiveState } from "../live/state";
import { useLive } from "../live/store";
import { CommandButton } from "../parts/command-button";
import { Icon } from "../parts/icons";
import { StatePill } from "../parts/state-pill";
import { type Text, useText } from "../text";
import type { TextKey } from "../text/zh";
import { duration, phoneNumber } from "../text/format";
import { orders, STATE_COMMAND, UNREACHABLE } from "./orders";
import { CallsOfToday } from "./own-calls";
import { useFirstReason } from "./start-shift";

/** How long the end of an offer is spoken of. */
const ENDED_SHOWN_MS = 8_000;

export function IdlePanel({ me }: { me: AgentLive }) {
  const t = useText();
  useFirstReason(me);
  // Wants work, but the phone cannot be called: the exchange makes them ready again by itself.
  const phoneGone = me.reason === UNREACHABLE;
  return (
    <>
      <header><h2>{t("agent.contacts")}</h2></header>
      <div className="idle">
        <StatePill state={me.state} reason={me.reason} />
        <EndedOfferNote me={me} />
        <p className="idle-title grow">{t(waitsFor(me), { extension: me.extension ?? "" })}</p>
        {me.state === "not_ready" && !phoneGone && (
          <CommandButton name={STATE_COMMAND} type="primary" className="big" onPress={() => orders.ready(me.agent)} askedWord={t("bar.asking")}>
            {t("agent.goReady")}
          </CommandButton>
        )}
      </div>
      {!me.phone_registered && !phoneGone && (
        <p className="idle-warn"><Icon name="warn" /> {t("lamp.voice.down", { extension: me.extension ?? "" })}</p>
      )}
      <CallsOfToday agent={me.agent} />
    </>
  );
}

function waitsFor(me: AgentLive): TextKey {
  if (me.state === "ready") return "agent.contacts.waiting";
  return me.reason === UNREACHABLE ? "agent.contacts.unreachable" : "agent.contacts.notReady";
}

function EndedOfferNote({ me }: { me: AgentLive }) {
  const t = useText();
  const ended = useLive((state) => state.endedOffers.get(me.agent));
  const words = useLive((state) => (ended ? endedWords(t, ended, me, state) : ""));
  const [shown, setShown] = useState(false);
  const at = ended?.at;
  useEffect(() => {
    const left = at === undefined ? 0 : ENDED_SHOWN_MS - (serverNow() - at);
    setShown(left > 0);
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setShown(false), left);
    return () => clearTimeout(timer);
  }, [at]);
  const visible = shown && ended !== undefined && words !== "";
  return (
    <div className="ended-note" role="status">
      {visible && (
        <>
          <span className="figure">{ended.call ? phoneNumber(ended.call.caller) : ""}</span>
          <span>{words}</span>
        </>
      )}
    </div>
  );
}

/** The end of an offer in words, none when it was answered: never "error" when nobody was at fault. */
export function endedWords(t: Text, ended: EndedOffer, me: AgentLive, state: LiveState): string {
  const rang = duration(ended.rangMs);
  if (ended.end === "answered") return "";
  if (ended.end === "no_answer" && me.state === "not_ready") return t("offer.no_answer.left");
  if (ended.end !== "withdrawn") return t(`offer.${ended.end}`, { rang });
  const over = state.endedCalls.get(ended.callId);
  if (over?.by === "caller") return t("offer.caller_gone", { rang });
  const taker = state.calls.get(ended.callId)?.agent;
  return taker && taker !== me.agent ? t("offer.taken", { agent: taker }) : t("offer.withdrawn", { rang });
}
