// Three lamps: the server, the phone, the ring tone. Each says in words what it means; the last one is a switch as well.
import { Tooltip } from "antd";
import { setRingTone, useRinging, useRingTone } from "../agent/ring-tone";
import type { AgentLive } from "../api/types";
import { useLine } from "../live/store";
import type { LineState } from "../live/connection";
import { Icon } from "../parts/icons";
import { useText } from "../text";
import type { TextKey } from "../text/zh";
import { mayWatch, useUser } from "./session";

type Light = "good" | "bad" | "busy" | "none";

const LIGHT_OF_LINE: Record<LineState["phase"], Light> = { up: "good", connecting: "busy", lost: "bad" };

export function Lamps({ me }: { me: AgentLive | undefined }) {
  const t = useText();
  const watches = mayWatch(useUser());
  const line = useLine().state;
  const extension = me?.extension ?? undefined;
  const voice: { light: Light; words: string } =
    me && extension !== undefined && me.state !== "logged_out"
      ? { light: me.phone_registered ? "good" : "bad", words: t(me.phone_registered ? "lamp.voice.up" : "lamp.voice.down", { extension }) }
      : { light: "none", words: t("lamp.voice.none") };
  return (
    <ul className="lamps" aria-label={t("lamp")}>
      {watches && <Lamp name="lamp.server" light={LIGHT_OF_LINE[line.phase]} words={t(`lamp.server.${line.phase}`)} />}
      <Lamp name="lamp.voice" {...voice} />
      {me ? <RingLamp me={me} /> : <Lamp name="lamp.ring" light="none" words={t("lamp.ring.none")} />}
    </ul>
  );
}

/** Sounds the ring tone, and turns it on or off with one press on every page. */
function RingLamp({ me }: { me: AgentLive }) {
  const t = useText();
  const { muted, volume, held } = useRingTone();
  // Without the server no fact would end it; the phone itself goes on ringing.
  const lost = useLine().state.phase === "lost";
  useRinging(me.state === "offered" && !lost);
  if (muted) return <Lamp name="lamp.ring" light="none" words={t("lamp.ring.off")} press={() => setRingTone({ muted: false })} on={false} />;
  // Any press lets the browser sound, this one too: it must not silence what it has just allowed.
  if (held && me.state !== "logged_out") return <Lamp name="lamp.ring" light="bad" words={t("lamp.ring.held")} />;
  return <Lamp name="lamp.ring" light="good" words={t("lamp.ring.on", { volume })} press={() => setRingTone({ muted: true })} on />;
}

interface LampProps {
  name: TextKey;
  light: Light;
  words: string;
  press?: () => void;
  on?: boolean;
}

function Lamp({ name, light, words, press, on }: LampProps) {
  const t = useText();
  const says = t("lamp.says", { name: t(name), words });
  return (
    <li>
      <Tooltip title={says}>
        <button type="button" className={`lamp lamp-${light}`} aria-label={says} aria-pressed={on} onClick={press}>
          {name === "lamp.ring" ? <Icon name={on === false ? "silent" : "offered"} size={12} /> : <i />}
          <span aria-hidden="true">{t(name)}</span>
        </button>
      </Tooltip>
    </li>
  );
}
