// The bar of every page: state, call, and the same slots in the same order whether they can be used or not.
import { Button, Tooltip } from "antd";
import { ANSWER_COMMAND, HANG_UP_COMMAND, orders, useMe } from "../agent/orders";
import { useRingTone } from "../agent/ring-tone";
import type { AgentLive, CallLive } from "../api/types";
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { CommandButton } from "../parts/command-button";
import { Icon, type IconName } from "../parts/icons";
import { useText } from "../text";
import { phoneNumber } from "../text/format";
import type { TextKey } from "../text/zh";
import { Lamps } from "./lamps";
import { shown, useShortcuts } from "./shortcuts";
import { StateSlot } from "./state-slot";

const LATER: readonly (readonly { icon: IconName; word: TextKey }[])[] = [
  [
    { icon: "hold", word: "bar.hold" },
    { icon: "mute", word: "bar.mute" },
    { icon: "keys", word: "bar.keys" },
  ],
  [
    { icon: "transfer", word: "bar.transfer" },
    { icon: "consult", word: "bar.consult" },
    { icon: "conference", word: "bar.conference" },
  ],
];

export function SoftphoneBar() {
  const me = useMe();
  const call = useLive((state) => (me?.call ? state.calls.get(me.call) : undefined));
  return (
    <>
      <StateSlot me={me} />
      <CallSlot me={me} call={call} />
      <CallButtons me={me} />
      {LATER.map((group) => (
        <div key={group[0]?.word} className="bar-slots bar-slots-more">
          {group.map((slot) => <LaterSlot key={slot.word} {...slot} />)}
        </div>
      ))}
      <Lamps me={me} />
    </>
  );
}

function CallSlot({ me, call }: { me: AgentLive | undefined; call: CallLive | undefined }) {
  const t = useText();
  const { held, muted } = useRingTone();
  const present = me && call && (me.state === "offered" || me.state === "talking");
  // A press anywhere lets the browser sound; this is only the place that says so.
  const silent = me && me.state !== "logged_out" && held && !muted;
  if (!present) return <div className="bar-call faint">{silent ? <button type="button" className="bar-silent">{t("bar.silent")}</button> : t("bar.noCall")}</div>;
  return (
    <div className="bar-call" aria-label={t("bar.call")} role="group">
      <strong className="figure cut" title={phoneNumber(call.caller)}>{phoneNumber(call.caller)}</strong>
      <Since at={me.since} />
      {call.recording && (
        <span className="recording-mark" title={t("bar.recording")}>
          <Icon name="recording" size={12} />
          <span className="hidden-text">{t("bar.recording")}</span>
        </span>
      )}
    </div>
  );
}

/** Why the two call buttons cannot be used; undefined when they can. */
function blocked(me: AgentLive | undefined): { answer?: TextKey; hangUp?: TextKey } {
  if (!me) return { answer: "bar.notAgent", hangUp: "bar.notAgent" };
  if (me.state === "logged_out") return { answer: "bar.notLoggedIn", hangUp: "bar.notLoggedIn" };
  return {
    answer: me.state === "offered" ? undefined : "bar.nothingRinging",
    hangUp: me.state === "talking" || me.state === "offered" ? undefined : "bar.noCallToEnd",
  };
}

function CallButtons({ me }: { me: AgentLive | undefined }) {
  const t = useText();
  const { answer, hangUp } = blocked(me);
  const act = (order: (agent: string) => void) => () => me && order(me.agent);
  useShortcuts({
    answer: answer ? undefined : act(orders.answer),
    hangUp: hangUp ? undefined : act(orders.hangUp),
  });
  return (
    <div className="bar-slots">
      <CommandButton
        name={ANSWER_COMMAND} className="slot slot-wide slot-answer" onPress={act(orders.answer)}
        disabledBecause={answer && t(answer)} askedWord={t("bar.answering")} shortcut={shown("answer")}
      >
        <Icon name="answer" />{t("bar.answer")}
      </CommandButton>
      <CommandButton
        name={HANG_UP_COMMAND} className="slot slot-wide slot-hang" onPress={act(orders.hangUp)}
        disabledBecause={hangUp && t(hangUp)} askedWord={t("bar.hangingUp")} shortcut={shown("hangUp")}
      >
        <Icon name="hangUp" />{t("bar.hangUp")}
      </CommandButton>
    </div>
  );
}

/** A slot whose act is not in this version: it stands where it will stand, and says why it is grey. */
function LaterSlot({ icon, word }: { icon: IconName; word: TextKey }) {
  const t = useText();
  return (
    <Tooltip title={t("bar.notInVersion")}>
      <Button className="slot blocked" type="text" aria-disabled="true"><Icon name={icon} size={14} />{t(word)}</Button>
    </Tooltip>
  );
}
