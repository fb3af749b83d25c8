// Three lamps: the server, the phone, the devices. Each says in words what it means.
import { Tooltip } from "antd";
import type { AgentLive } from "../api/types";
import { useLine } from "../live/store";
import type { LineState } from "../live/connection";
import { useText } from "../text";
import type { TextKey } from "../text/zh";

type Light = "good" | "bad" | "busy" | "none";

const LIGHT_OF_LINE: Record<LineState["phase"], Light> = { up: "good", connecting: "busy", lost: "bad" };

export function Lamps({ me }: { me: AgentLive | undefined }) {
  const t = useText();
  const line = useLine().state;
  const extension = me?.extension ?? undefined;
  const voice: { light: Light; words: string } =
    me && extension !== undefined && me.state !== "logged_out"
      ? { light: me.phone_registered ? "good" : "bad", words: t(me.phone_registered ? "lamp.voice.up" : "lamp.voice.down", { extension }) }
      : { light: "none", words: t("lamp.voice.none") };
  return (
    <ul className="lamps" aria-label={t("lamp")}>
      <Lamp name="lamp.server" light={LIGHT_OF_LINE[line.phase]} words={t(`lamp.server.${line.phase}`)} />
      <Lamp name="lamp.voice" {...voice} />
      <Lamp name="lamp.devices" light="none" words={t("lamp.devices.phone")} />
    </ul>
  );
}

function Lamp({ name, light, words }: { name: TextKey; light: Light; words: string }) {
  const t = useText();
  return (
    <li>
      <Tooltip title={`${t(name)}: ${words}`}>
        <button type="button" className={`lamp lamp-${light}`} aria-label={`${t(name)}: ${words}`}>
          <i /><span aria-hidden="true">{t(name)}</span>
        </button>
      </Tooltip>
    </li>
  );
}
