// Moments as the clock on the site's wall shows them: in its zone, by its days. The browser's zone is only compared with it.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Zones that agree now may part with summer time: half a year later they are compared again. */
const HALF_YEAR_MS = 182 * DAY_MS;

function clockIn(timeZone: string | undefined): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
}

let site = clockIn(undefined);
/** As the site calls it: a browser may know it by an older name. */
let zone = site.resolvedOptions().timeZone;

/** Called when a session begins. A zone this browser has never heard of leaves the browser's. */
export function showTimesIn(timezone: string): void {
  try {
    site = clockIn(timezone);
    zone = timezone;
  } catch {
    site = clockIn(undefined);
    zone = site.resolvedOptions().timeZone;
  }
}

/** The site's zone when the browser's clock differs from it, so that screens name it; else nothing. */
export function otherZone(now: number): string | undefined {
  const own = clockIn(undefined);
  const differs = [now, now + HALF_YEAR_MS].some((at) => offset(at, own) !== offset(at, site));
  return differs ? zone : undefined;
}

export function siteZone(): string {
  return zone;
}

function parts(at: number, clock = site): Record<string, string> {
  return Object.fromEntries(clock.formatToParts(at).map((part) => [part.type, part.value]));
}

/** How far the clock is ahead of UTC. */
function offset(at: number, clock: Intl.DateTimeFormat): number {
  const { year, month, day: ofMonth, hour, minute, second } = parts(at, clock);
  const shown = Date.UTC(Number(year), Number(month) - 1, Number(ofMonth), Number(hour), Number(minute), Number(second));
  return shown - Math.floor(at / 1_000) * 1_000;
}

/** `14:02:11` */
export function clockTime(at: number): string {
  const { hour, minute, second } = parts(at);
  return `${hour}:${minute}:${second}`;
}

/** `2026-11-20` */
export function day(at: number): string {
  const { year, month, day: ofMonth } = parts(at);
  return `${year}-${month}-${ofMonth}`;
}

/** `2026-11-20 14:02:11` */
export function dayAndTime(at: number): string {
  return `${day(at)} ${clockTime(at)}`;
}

/** The first moment of a day such as `2026-11-20`, moved by whole days; where midnight is skipped or comes twice, too. */
export function dayStart(written: string, shiftDays = 0): number {
  const [year = 0, month = 1, ofMonth = 1] = written.split("-").map(Number);
  const midnight = Date.UTC(year, month - 1, ofMonth + shiftDays);
  const wanted = new Date(midnight).toISOString().slice(0, 10);
  const moments = [midnight - DAY_MS, midnight + DAY_MS].map((near) => midnight - offset(near, site)).sort((a, b) => a - b);
  return moments.find((at) => day(at) === wanted) ?? midnight;
}
