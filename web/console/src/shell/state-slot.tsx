// The agent's state in the bar: what it is, for how long, what follows, and the menu that changes it.
import { useNavigate } from "@tanstack/react-router";
import { Dropdown, type MenuProps } from "antd";
import { useEffect, useRef, useState } from "react";
import { orders, REASONS, STATE_COMMAND } from "../agent/orders";
import type { AgentLive } from "../api/types";
import { useCommand } from "../live/command";
import { CommandFate } from "../parts/command-button";
import { Icon } from "../parts/icons";
import { AgentPill, pendingShort, pendingWord, stateWord } from "../parts/state-pill";
import { type Text, useText } from "../text";
import { isComposing, shown, useShortcuts } from "./shortcuts";

export function StateSlot({ me }: { me: AgentLive | undefined }) {
  const t = useText();
  if (me) return <OwnState me={me} />;
  return (
    <div className="bar-state">
      <span className="bar-state-button faint" aria-disabled="true" title={t("bar.notAgent")}>
        <Icon name="logged_out" size={12} />{t("state.none")}
      </span>
    </div>
  );
}

function OwnState({ me }: { me: AgentLive }) {
  const t = useText();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const asked = useCommand(STATE_COMMAND).phase === "asked";
  const atWork = me.state !== "logged_out";
  useShortcuts({
    ready: atWork ? () => orders.ready(me.agent) : undefined,
    notReady: atWork ? () => setOpen(true) : undefined,
  });
  const choose = (key: string) => {
    setOpen(false);
    if (key === "ready") orders.ready(me.agent);
    else if (key === "log_out") orders.logOut(me.agent);
    else if (key === "start") void navigate({ to: "/agent" });
    else orders.notReady(me.agent, key);
  };
  useReasonKeys(open && atWork, choose);
  const items = atWork ? workItems(t) : [{ key: "start", label: t("shift.title") }];
  return (
    <div className="bar-state">
      <Dropdown open={open} onOpenChange={setOpen} trigger={["click"]} menu={{ items, onClick: ({ key }) => choose(key) }}>
        <button type="button" className="bar-state-button" aria-haspopup="menu" aria-expanded={open} aria-busy={asked}>
          <span className="hidden-text">{t("bar.state")}</span>
          <AgentPill agent={me} short />
          {asked ? <span className="asked-ring" /> : <Icon name="caret" size={12} />}
        </button>
      </Dropdown>
      {me.pending && (
        <span className="bar-next">
          <span className="cut" title={pendingWord(me.pending)}>{t("bar.next", { next: pendingShort(me.pending) })}</span>
          <button type="button" aria-label={t("bar.withdraw")} title={t("bar.withdraw")} onClick={() => orders.withdraw(me.agent)}>
            <Icon name="close" size={12} />
          </button>
        </span>
      )}
      <CommandFate name={STATE_COMMAND} place="below" />
    </div>
  );
}

function workItems(t: Text): NonNullable<MenuProps["items"]> {
  return [
    { key: "ready", label: stateWord("ready"), icon: <Icon name="ready" size={14} />, extra: shown("ready") },
    { type: "divider" },
    ...REASONS.map((reason, index) => ({
      key: reason,
      label: stateWord("not_ready", reason),
      icon: <Icon name="not_ready" size={14} />,
      extra: String(index + 1),
    })),
    { type: "divider" },
    { key: "log_out", label: t("shift.out"), icon: <Icon name="logged_out" size={14} /> },
  ];
}

/** While the menu is open, 1 to 9 choose a reason. */
function useReasonKeys(open: boolean, choose: (reason: string) => void): void {
  const latest = useRef(choose);
  useEffect(() => {
    latest.current = choose;
  });
  useEffect(() => {
    if (!open) return undefined;
    const press = (event: KeyboardEvent) => {
      const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
      const reason = digit && !isComposing(event) ? REASONS[Number(digit) - 1] : undefined;
      if (!reason) return;
      event.preventDefault();
      latest.current(reason);
    };
    window.addEventListener("keydown", press, true);
    return () => window.removeEventListener("keydown", press, true);
  }, [open]);
}
