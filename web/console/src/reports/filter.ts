// The filter of the records list as it stands in the address, and as the API wants it. Pure.
import { END_STATES, type EndState } from "../api/types";
import type { Query } from "../api/client";
import { dayStart } from "../text/site-time";

export const PERIODS = ["today", "yesterday", "week", "all", "custom"] as const;
export type Period = (typeof PERIODS)[number];

export const DIRECTIONS = ["inbound", "outbound", "internal"] as const;

/** Fields are absent when they do not filter, so that the address stays short. */
export interface RecordFilter {
  /** Absent means today. */
  period?: Exclude<Period, "today">;
  /** `2026-11-20`, both days included; only with period "custom". */
  from?: string;
  to?: string;
  /** How it begins. */
  number?: string;
  agent?: string;
  queue?: string;
  direction?: (typeof DIRECTIONS)[number];
  state?: EndState;
  cursor?: string;
}

/** Two screens of rows; more would only slow the first one. */
export const PAGE_ROWS = 50;
const DAY = /^\d{4}-\d\d-\d\d$/;

function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word | undefined {
  return words.find((word) => word === value);
}

function word(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function dayOf(value: unknown): string | undefined {
  return typeof value === "string" && DAY.test(value) ? value : undefined;
}

/** Reads what stands in an address; what makes no sense there is left out, never an error. */
export function readFilter(query: Record<string, unknown>): RecordFilter {
  const period = oneOf(PERIODS, query["period"]);
  return compact({
    period: period === "today" ? undefined : period,
    from: period === "custom" ? dayOf(query["from"]) : undefined,
    to: period === "custom" ? dayOf(query["to"]) : undefined,
    number: word(query["number"]),
    agent: word(query["agent"]),
    queue: word(query["queue"]),
    direction: oneOf(DIRECTIONS, query["direction"]),
    state: oneOf(END_STATES, query["state"]),
    cursor: word(query["cursor"]),
  });
}

export function compact<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== "")) as Fields;
}

/** A changed filter begins at the first page again. */
export function changedFilter(filter: RecordFilter, change: Partial<RecordFilter>): RecordFilter {
  const { cursor: _, ...rest } = { ...filter, ...change };
  return readFilter(rest);
}

export function filters(filter: RecordFilter): boolean {
  return Object.keys(filter).some((field) => field !== "cursor");
}

/** The query of `GET /records`; `today` is the site's day. */
export function recordsQuery(filter: RecordFilter, today: string): Query {
  const { period, from: _from, to: _to, number, ...rest } = filter;
  // The beginning is enough: people type while the list already follows.
  return { ...rest, q: number, ...bounds(filter, period ?? "today", today), limit: PAGE_ROWS };
}

function bounds(filter: RecordFilter, period: Period, today: string): { from?: number; to?: number } {
  switch (period) {
    case "today":
      return { from: dayStart(today) };
    case "yesterday":
      return { from: dayStart(today, -1), to: dayStart(today) };
    case "week":
      return { from: dayStart(today, -6) };
    case "all":
      return {};
    case "custom":
      return compact({
        from: filter.from ? dayStart(filter.from) : undefined,
        to: filter.to ? dayStart(filter.to, 1) : undefined,
      });
  }
}
