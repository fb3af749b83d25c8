// Draws loudness as the outline of a wave. Pure: numbers in, SVG path out.

/** A path that fills the band between -peak and +peak around the middle of `height`. */
export function wavePath(peaks: readonly number[], width: number, height: number): string {
  if (peaks.length === 0) return "";
  const middle = height / 2;
  const step = width / peaks.length;
  /** Silence is still a line. */
  const thinnest = 0.5;
  const half = (peak: number) => Math.max(thinnest, Math.min(1, Math.max(0, peak)) * (middle - 1));
  const upper = peaks.map((peak, index) => `${(index * step).toFixed(1)} ${(middle - half(peak)).toFixed(1)}`);
  const lower = peaks.map((peak, index) => `${(index * step).toFixed(1)} ${(middle + half(peak)).toFixed(1)}`).reverse();
  return `M${upper.join("L")}L${lower.join("L")}Z`;
}
