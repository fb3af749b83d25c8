// Plays one recording: waves from the exchange's peaks, sound by range requests with the session's cookie.
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { type RefObject, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import type { Peaks, RecordingEntry } from "../api/types";
import { Failed } from "../parts/faces";
import { Icon } from "../parts/icons";
import { inField, isComposing } from "../shell/shortcuts";
import { useText } from "../text";
import { duration } from "../text/format";
import { clockTime } from "../text/site-time";
import { wavePath } from "./waveform";

/** About one point per pixel of a laptop's page. */
const PEAK_POINTS = 1_000;
const WAVE_HEIGHT = 40;
const STEP_S = 5;
const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const;

export function Player({ entry }: { entry: RecordingEntry }) {
  const t = useText();
  const audio = useRef<HTMLAudioElement>(null);
  const [failed, setFailed] = useState(false);
  const peaks = useQuery({
    queryKey: ["peaks", entry.recording],
    queryFn: ({ signal }) => api.peaks(entry.recording, PEAK_POINTS, signal),
    staleTime: Infinity,
  });
  const length = peaks.data?.duration_ms ?? (entry.stopped == null ? 0 : entry.stopped - entry.started);
  return (
    <div className="player">
      <p className="row player-head">
        <strong>{t(`one.purpose.${entry.purpose}`)}</strong>
        <span className="faint figure">{clockTime(entry.started)}</span>
        {entry.stopped == null && <span className="player-incomplete"><Icon name="warn" size={12} /> {t("one.incomplete")}</span>}
      </p>
      <audio ref={audio} preload="none" src={api.audioAddress(entry.recording)} onError={() => setFailed(true)} />
      {peaks.isError && <Failed cause={peaks.error} retry={() => void peaks.refetch()} />}
      {!peaks.isError && <Waves audio={audio} peaks={peaks.data} length={length} stereo={entry.purpose === "conversation"} />}
      <Controls audio={audio} length={length} download={api.audioAddress(entry.recording, true)} />
      {failed && <p role="alert" className="login-problem">{t("player.failed")}</p>}
    </div>
  );
}

/** Calls `act` with the position in ms, at each frame while playing and whenever it is moved. */
function usePosition(audio: RefObject<HTMLAudioElement | null>, act: (ms: number) => void): void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    const element = audio.current;
    if (!element) return undefined;
    let frame = 0;
    const tell = () => {
      latest.current(element.currentTime * 1_000);
      if (!element.paused) frame = requestAnimationFrame(tell);
    };
    const restart = () => {
      cancelAnimationFrame(frame);
      tell();
    };
    const events = ["play", "seeked", "timeupdate", "pause"] as const;
    for (const event of events) element.addEventListener(event, restart);
    return () => {
      cancelAnimationFrame(frame);
      for (const event of events) element.removeEventListener(event, restart);
    };
  }, [audio]);
}

interface WavesProps {
  audio: RefObject<HTMLAudioElement | null>;
  peaks: Peaks | undefined;
  length: number;
  stereo: boolean;
}

function Waves({ audio, peaks, length, stereo }: WavesProps) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const slider = useRef<HTMLInputElement>(null);
  usePosition(audio, (ms) => {
    const share = length > 0 ? ms / length : 0;
    box.current?.style.setProperty("--played", share.toFixed(4));
    if (slider.current) {
      slider.current.value = String(Math.round(ms));
      slider.current.setAttribute("aria-valuetext", t("player.position", { at: duration(ms), length: duration(length) }));
    }
  });
  const seek = (ms: number) => {
    if (audio.current) audio.current.currentTime = ms / 1_000;
  };
  const sides = stereo ? (["left", "right"] as const) : (["left"] as const);
  return (
    <div className="waves" ref={box}>
      {sides.map((side) => (
        <div key={side} className="wave">
          <span className="wave-name">{t(side === "left" ? "player.customer" : "player.agent")}</span>
          <svg viewBox={`0 0 ${PEAK_POINTS} ${WAVE_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" className={`wave-${side}`}>
            {peaks && <path d={wavePath(peaks[side], PEAK_POINTS, WAVE_HEIGHT)} />}
          </svg>
        </div>
      ))}
      <div className="wave-over">
        <span className="played" />
        <input
          ref={slider} type="range" min={0} max={Math.max(1, Math.round(length))} step={100} defaultValue={0} aria-label={t("player.seek")}
          onInput={(event) => seek(Number(event.currentTarget.value))}
        />
      </div>
    </div>
  );
}

function Controls({ audio, length, download }: { audio: RefObject<HTMLAudioElement | null>; length: number; download: string }) {
  const t = useText();
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(1);
  const clock = useRef<HTMLSpanElement>(null);
  usePosition(audio, (ms) => {
    if (clock.current) clock.current.textContent = `${duration(ms)} / ${duration(length)}`;
    setPlaying(audio.current ? !audio.current.paused : false);
  });
  const toggle = () => {
    const element = audio.current;
    if (!element) return;
    // A failed start is told by the element's error event.
    if (element.paused) element.play().catch(() => undefined);
    else element.pause();
  };
  const step = (seconds: number) => {
    if (audio.current) audio.current.currentTime = Math.max(0, audio.current.currentTime + seconds);
  };
  useEditorKeys(toggle, step);
  return (
    <div className="row player-controls">
      <Button size="small" onClick={() => step(-STEP_S)} title={`${t("player.back")} (J)`}>−{STEP_S} s</Button>
      <Button type="primary" className="player-play" onClick={toggle} title="K" icon={<Icon name={playing ? "pause" : "play"} size={14} />}>
        {t(playing ? "player.pause" : "player.play")}
      </Button>
      <Button size="small" onClick={() => step(STEP_S)} title={`${t("player.forward")} (L)`}>+{STEP_S} s</Button>
      <span ref={clock} className="figure player-clock" aria-live="off">0:00 / {duration(length)}</span>
      <label className="row">
        <span className="soft">{t("player.speed")}</span>
        <select
          className="date" value={speed}
          onChange={(event) => {
            const next = Number(event.target.value);
            setSpeed(next);
            if (audio.current) audio.current.playbackRate = next;
          }}
        >
          {SPEEDS.map((value) => <option key={value} value={value}>{value}×</option>)}
        </select>
      </label>
      <span className="grow" />
      <a className="row" href={download} download><Icon name="download" size={14} />{t("player.download")}</a>
    </div>
  );
}

/** J, K and L as in editors of sound and film; dead in fields. */
function useEditorKeys(toggle: () => void, step: (seconds: number) => void): void {
  const latest = useRef({ toggle, step });
  useEffect(() => {
    latest.current = { toggle, step };
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey || isComposing(event) || inField(event.target)) return;
      if (event.code === "KeyK") latest.current.toggle();
      else if (event.code === "KeyJ") latest.current.step(-STEP_S);
      else if (event.code === "KeyL") latest.current.step(STEP_S);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
