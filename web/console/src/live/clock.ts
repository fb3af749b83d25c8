// The exchange's clock as seen from this page. The computer's own wall clock is never asked: it may be an hour wrong.

/** Heartbeats come each second; a minute of them outlives a burst of slow ones. */
const SAMPLES_KEPT_MAX = 60;
/** The offset is the median of this many samples with the least delay. */
const BEST_SAMPLES = 5;
/** A sample this far from the rest means that this computer slept or the exchange's clock was set. */
const JUMP_MS = 5_000;

export class ServerClock {
  private samples: number[] = [];
  private offset: number | undefined;

  /** `serverNow` was stamped before it travelled, so the largest difference is the least delayed. */
  sample(serverNow: number, monotonicNow: number): void {
    const difference = serverNow - monotonicNow;
    if (this.offset !== undefined && Math.abs(difference - this.offset) > JUMP_MS) this.samples = [];
    this.samples.push(difference);
    if (this.samples.length > SAMPLES_KEPT_MAX) this.samples.shift();
    const best = [...this.samples].sort((a, b) => b - a).slice(0, BEST_SAMPLES);
    this.offset = best[Math.floor(best.length / 2)];
  }

  /** Unix milliseconds on the exchange's clock; undefined before the first sample. */
  now(monotonicNow: number): number | undefined {
    return this.offset === undefined ? undefined : monotonicNow + this.offset;
  }
}

export const clock = new ServerClock();

/** Server time now; before the first frame the best guess is this computer's. */
export function serverNow(): number {
  return clock.now(performance.now()) ?? Date.now();
}
