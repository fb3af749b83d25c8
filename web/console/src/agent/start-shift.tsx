// Start of shift: extension, queues, ready or not. Remembered, so a normal morning is one click.
import { useQuery } from "@tanstack/react-query";
import { AutoComplete, Checkbox, Select } from "antd";
import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { AgentLive } from "../api/types";
import { useLive } from "../live/store";
import { CommandButton } from "../parts/command-button";
import { useQueueName } from "../parts/names";
import { reasonWord } from "../parts/state-pill";
import { useUser } from "../shell/session";
import { useText } from "../text";
import { orders, REASONS, STATE_COMMAND } from "./orders";

interface Remembered {
  extension: string;
  /** Queues left out by choice; a queue given later is taken. */
  without: string[];
}

function rememberedFor(agent: string): Remembered {
  try {
    const stored = JSON.parse(localStorage.getItem(`strowger.shift.${agent}`) ?? "") as Partial<Remembered>;
    return { extension: String(stored.extension ?? ""), without: Array.isArray(stored.without) ? stored.without.map(String) : [] };
  } catch {
    return { extension: "", without: [] };
  }
}

/** What to begin with: ready, or a reason for not being so. */
const READY = "ready";

export function StartShift({ me }: { me: AgentLive }) {
  const t = useText();
  const queueName = useQueueName();
  const queues = useLive((state) => state.queues);
  const configured = useQuery({ queryKey: ["agent", me.agent], queryFn: ({ signal }) => api.agent(me.agent, signal) });
  const offered = configured.data?.queues ?? (me.queues.length > 0 ? me.queues : [...queues.keys()]);
  const [remembered] = useState(() => rememberedFor(me.agent));
  const [typed, setExtension] = useState<string | undefined>(remembered.extension || me.extension || undefined);
  const extension = typed ?? configured.data?.extension_default ?? "";
  const [without, setWithout] = useState(remembered.without);
  const [begin, setBegin] = useState<string>(READY);
  const chosen = offered.filter((queue) => !without.includes(queue));

  const start = () => {
    localStorage.setItem(`strowger.shift.${me.agent}`, JSON.stringify({ extension, without }));
    orders.logIn(me.agent, extension.trim(), chosen, begin === READY);
    if (begin !== READY) notReadyOnceLoggedIn.set(me.agent, begin);
  };
  const gap = extension.trim() === "" ? "shift.needExtension" : offered.length === 0 ? "shift.noQueues" : chosen.length === 0 ? "shift.needQueue" : undefined;
  return (
    <div className="shift">
      <h2>{t("shift.title")}</h2>
      <label htmlFor="shift-extension">{t("shift.extension")}</label>
      <ExtensionField value={extension} change={setExtension} />
      <fieldset className="shift-queues">
        <legend>{t("shift.queues")}</legend>
        {offered.map((queue) => (
          <Checkbox
            key={queue} checked={!without.includes(queue)}
            onChange={(event) => setWithout(event.target.checked ? without.filter((other) => other !== queue) : [...without, queue])}
          >
            {queueName(queue)}
          </Checkbox>
        ))}
        {offered.length === 0 && <span className="soft">{t("shift.noQueues")}</span>}
      </fieldset>
      <label htmlFor="shift-begin">{t("shift.begin")}</label>
      <Select
        id="shift-begin" value={begin} onChange={setBegin}
        options={[
          { value: READY, label: t("state.ready") },
          ...REASONS.map((reason) => ({ value: reason, label: t("state.not_ready.reason", { reason: reasonWord(reason) }) })),
        ]}
      />
      <p className="soft shift-voice">{t("shift.voiceText")}</p>
      <p className="shift-gap soft" role="status">{gap && t(gap)}</p>
      <CommandButton
        fate="above" name={STATE_COMMAND} type="primary" className="big" onPress={start}
        disabledBecause={gap && t(gap)} askedWord={t("bar.asking")}
      >
        {t("shift.submit")}
      </CommandButton>
    </div>
  );
}

function ExtensionField({ value, change }: { value: string; change: (extension: string) => void }) {
  const t = useText();
  const user = useUser();
  // Without the right to see the list, the number is simply typed.
  const listed = user.roles.some((role) => role === "supervisor" || role === "admin");
  const extensions = useQuery({ queryKey: ["extensions"], queryFn: ({ signal }) => api.extensions(signal), enabled: listed });
  const known = extensions.data?.items ?? [];
  const here = known.find((extension) => extension.extension === value.trim());
  return (
    <div className="row">
      <AutoComplete
        id="shift-extension" className="shift-extension" value={value} onChange={change} placeholder={t("shift.extension.hint")}
        maxLength={32}
        options={known.map((extension) => ({
          value: extension.extension,
          label: `${extension.extension}  ${t(extension.registered ? "shift.registered" : "shift.unregistered")}`,
        }))}
      />
      <span className={here?.registered ? "good" : "soft"}>
        {here && (here.registered ? `✓ ${t("shift.registered")}` : `✗ ${t("shift.unregistered")}`)}
      </span>
    </div>
  );
}

/** The reason to begin with, kept from the log-in until the exchange has confirmed it. */
const notReadyOnceLoggedIn = new Map<string, string>();

/** Log-in knows only ready or not; the chosen reason follows as soon as the log-in is confirmed. */
export function useFirstReason(me: AgentLive): void {
  const { agent, state } = me;
  useEffect(() => {
    const reason = notReadyOnceLoggedIn.get(agent);
    if (reason === undefined) return;
    notReadyOnceLoggedIn.delete(agent);
    if (state === "not_ready") orders.notReady(agent, reason);
  }, [agent, state]);
}
