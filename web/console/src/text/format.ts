// How durations and numbers look. The same everywhere, in both languages.

/** `m:ss`, from one hour `h:mm:ss`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

export function durationOrDash(ms: number | null | undefined): string {
  return ms == null ? "–" : duration(ms);
}

/** Groups digits as people say them: `138 0013 8000`, `010-8888 6666`, `400-800-1000`. Others stay as they are. */
export function phoneNumber(number: string): string {
  const groups: [RegExp, string][] = [
    [/^(1[3-9]\d)(\d{4})(\d{4})$/, "$1 $2 $3"],
    [/^([48]00)(\d{3})(\d{4})$/, "$1-$2-$3"],
    [/^(010|02\d)(\d{4})(\d{4})$/, "$1-$2 $3"],
    [/^(0[3-9]\d{2})(\d{3,4})(\d{4})$/, "$1-$2 $3"],
  ];
  for (const [pattern, shape] of groups) if (pattern.test(number)) return number.replace(pattern, shape);
  return number;
}

/** `86.0 %`; a dash when there is nothing to divide by. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "–";
}

/** Ids are cut in the middle: the start is the time, the end tells calls apart. */
export function shortId(id: string): string {
  return id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** As in logs: titles and notifications are read by passers-by. */
export function masked(number: string): string {
  if (number.length <= 5) return number;
  const [head, tail] = number.length >= 9 ? [3, 4] : [1, 2];
  return `${number.slice(0, head)}****${number.slice(-tail)}`;
}
