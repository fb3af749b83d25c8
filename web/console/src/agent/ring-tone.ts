// The ring tone of this browser. It sounds for as long as the live picture shows a call offered to the agent, whatever
// page is open; no click starts or ends it. A browser keeps a page silent until somebody has touched it.
import { useEffect, useSyncExternalStore } from "react";

const REMEMBERED = "strowger.ring";
/** Loud enough to be missed by nobody with a headset on, and no fright. */
const VOLUME_DEFAULT = 40;
/** One second on, two off; two notes in turn, as telephones have warbled since they lost their bells. */
const RING_S = 1;
const CYCLE_S = 3;
const NOTE_S = 0.05;
const NOTES_HZ = [660, 880] as const;
/** The height of the wave at full volume: room is left for the system's own mixer. */
const HEIGHT = 0.5;
/** Sound that begins or ends at once clicks. */
const EDGE_S = 0.01;

export interface RingTone {
  muted: boolean;
  /** 0 to 100. */
  volume: number;
  /** Nobody has touched this page yet, so the browser lets nothing sound. */
  held: boolean;
}

function remembered(): Pick<RingTone, "muted" | "volume"> {
  try {
    const { muted, volume } = JSON.parse(localStorage.getItem(REMEMBERED) ?? "") as Partial<RingTone>;
    return { muted: muted === true, volume: Math.min(100, Math.max(0, Number(volume))) || 0 };
  } catch {
    return { muted: false, volume: VOLUME_DEFAULT };
  }
}

let tone: RingTone = { ...remembered(), held: true };
let output: { context: AudioContext; gain: GainNode } | undefined;
/** Rings under way. Without any, the sound device is let go. */
let rings = 0;
const listeners = new Set<() => void>();

function become(next: Partial<RingTone>): void {
  tone = { ...tone, ...next };
  // People hear the square of what a slider says.
  if (output) output.gain.gain.value = (tone.volume / 100) ** 2;
  for (const listener of listeners) listener();
}

export function setRingTone(next: Partial<Pick<RingTone, "muted" | "volume">>): void {
  become(next);
  localStorage.setItem(REMEMBERED, JSON.stringify({ muted: tone.muted, volume: tone.volume }));
}

export function useRingTone(): RingTone {
  return useSyncExternalStore(subscribe, () => tone);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The first touch of the page, that of "start shift" as well as any other, opens the way for sound. */
function open(): void {
  const context = new AudioContext();
  const gain = context.createGain();
  gain.connect(context.destination);
  output = { context, gain };
  context.onstatechange = () => {
    if (!tone.held || context.state !== "running") return;
    for (const touch of TOUCHES) document.removeEventListener(touch, resume, true);
    if (rings === 0) void context.suspend();
    become({ held: false });
  };
  for (const touch of TOUCHES) document.addEventListener(touch, resume, true);
  // What was silenced in another tab is silent here.
  window.addEventListener("storage", (event) => event.key === REMEMBERED && become(remembered()));
}

const TOUCHES = ["click", "keydown"] as const;

function resume(): void {
  void output?.context.resume();
}

function wave(context: AudioContext): AudioBuffer {
  const rate = context.sampleRate;
  const buffer = context.createBuffer(1, CYCLE_S * rate, rate);
  const samples = buffer.getChannelData(0);
  let phase = 0;
  for (let at = 0; at < RING_S * rate; at += 1) {
    const seconds = at / rate;
    phase += (2 * Math.PI * (NOTES_HZ[Math.floor(seconds / NOTE_S) % NOTES_HZ.length] ?? 0)) / rate;
    samples[at] = HEIGHT * Math.sin(phase) * Math.min(1, seconds / EDGE_S, (RING_S - seconds) / EDGE_S);
  }
  return buffer;
}

/** Rings until `over`. Of several tabs one sounds, where the browser can arrange that (https or localhost). */
function ringUntil(over: AbortSignal): void {
  const ring = () => new Promise<void>((ended) => {
    if (!output || over.aborted) return ended();
    const { context, gain } = output;
    const source = context.createBufferSource();
    source.buffer = wave(context);
    // The browser repeats it by itself: timers of a hidden page come late.
    source.loop = true;
    source.connect(gain);
    source.start();
    rings += 1;
    void context.resume();
    over.addEventListener("abort", () => {
      source.stop();
      source.disconnect();
      rings -= 1;
      if (rings === 0) void context.suspend();
      ended();
    });
  });
  // Refused when it is over before its turn has come.
  if ("locks" in navigator) navigator.locks.request(REMEMBERED, { signal: over }, ring).catch(() => undefined);
  else void ring();
}

/** Rings while `offered`. */
export function useRinging(offered: boolean): void {
  const { muted, held } = useRingTone();
  useEffect(() => {
    if (!output) open();
  }, []);
  const sounds = offered && !muted && !held;
  useEffect(() => {
    if (!sounds) return undefined;
    const over = new AbortController();
    ringUntil(over.signal);
    return () => over.abort();
  }, [sounds]);
}

/** One ring, to hear how loud it is. */
export function tryRingTone(): void {
  ringUntil(AbortSignal.timeout(RING_S * 1_000));
}
