// The ring tone of this computer: on or off, how loud, and how it sounds.
import { Button, Switch } from "antd";
import { useText } from "../text";
import { setRingTone, tryRingTone, useRingTone } from "./ring-tone";

export function RingTonePanel() {
  const t = useText();
  const { muted, volume } = useRingTone();
  return (
    <section className="panel ring-tone" aria-labelledby="ring-tone">
      <header>
        <h2 id="ring-tone" className="grow">{t("tone")}</h2>
        <Switch size="small" checked={!muted} onChange={(on) => setRingTone({ muted: !on })} aria-labelledby="ring-tone" />
        <input
          type="range" min={0} max={100} step={5} value={volume} disabled={muted} aria-label={t("tone.volume")}
          onChange={(event) => setRingTone({ volume: Number(event.target.value) })}
        />
        <span className="figure number ring-tone-volume">{muted ? "–" : `${volume} %`}</span>
        <Button size="small" disabled={muted} onClick={tryRingTone}>{t("tone.try")}</Button>
      </header>
    </section>
  );
}
