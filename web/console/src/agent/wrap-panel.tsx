// After a conversation: how long is left, and the two ways to finish.
import { Link } from "@tanstack/react-router";
import { Button, Dropdown } from "antd";
import type { AgentLive } from "../api/types";
import { Left, Until } from "../live/since";
import { useLive } from "../live/store";
import { CommandButton } from "../parts/command-button";
import { Icon } from "../parts/icons";
import { reasonWord, StatePill } from "../parts/state-pill";
import { shown, useShortcuts } from "../shell/shortcuts";
import { useText } from "../text";
import { durationOrDash, phoneNumber } from "../text/format";
import { orders, REASONS, STATE_COMMAND } from "./orders";
import { CallsOfCaller } from "./own-calls";
import { useLastCall } from "./last-call";

export function WrapPanel({ me }: { me: AgentLive }) {
  const t = useText();
  const last = useLastCall(me.call ?? undefined);
  const live = useLive((state) => (me.call ? state.calls.get(me.call) : undefined));
  const lost = useLive((state) => (me.call ? state.lostLegs.get(me.call) : undefined));
  const end = me.left_ms == null ? undefined : me.since + me.left_ms;
  const talked = last?.joined != null ? me.since - last.joined : undefined;
  const finish = () => orders.finish(me.agent);
  useShortcuts({ finish });
  return (
    <>
      <header>
        <StatePill state="wrap_up" />
        <span className="grow" />
        {end !== undefined && (
          <>
            <Left from={me.since} to={end} className="wrap-line" />
            <Until at={end} />
            <span className="soft">{t("wrap.left")}</span>
          </>
        )}
      </header>
      <div className="work-body">
        <p className="caller figure">{last ? phoneNumber(last.caller) : "–"}</p>
        <dl className="facts">
          <div><dt>{t("wrap.talked")}</dt><dd className="figure">{durationOrDash(talked)}</dd></div>
          {lost && <div><dt>{t("one.reason")}</dt><dd>{t(`refused.${lost}_lost`)}</dd></div>}
          <div>
            <dt>{t("one.title")}</dt>
            <dd>{me.call && !live ? <Link to="/reports/records/$call" params={{ call: me.call }}>{t("wrap.record")}</Link> : "–"}</dd>
          </div>
        </dl>
        <div className="work-acts">
          <CommandButton
            fate="above" name={STATE_COMMAND} type="primary" className="big" onPress={finish} askedWord={t("wrap.finishing")} shortcut={shown("finish")}
          >
            {me.pending && me.pending.next !== "ready" ? t("wrap.finish") : t("wrap.finishReady")}<kbd>{shown("finish")}</kbd>
          </CommandButton>
          <Dropdown
            trigger={["click"]}
            menu={{
              items: REASONS.map((reason) => ({ key: reason, label: reasonWord(reason) })),
              onClick: ({ key }) => orders.finishNotReady(me.agent, key),
            }}
          >
            <Button className="big">{t("wrap.finishNotReady")}<Icon name="caret" size={12} /></Button>
          </Dropdown>
        </div>
        {last && <CallsOfCaller caller={last.caller} except={me.call ?? undefined} />}
      </div>
    </>
  );
}
