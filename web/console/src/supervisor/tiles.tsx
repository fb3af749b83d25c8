// The floor in six figures. Unknown is a dash, never 0.
import type { ReactNode } from "react";
import type { QueueLive } from "../api/types";
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { useText } from "../text";
import { percent } from "../text/format";
import { WAIT_LIMIT_MS } from "./limits";

export interface Totals {
  waiting: number;
  longestSince: number | undefined;
  answered: number;
  abandoned: number;
  answeredIn20s: number;
}

/** Sums of the queues. Agents are not summed here: one agent may serve several queues. */
export function totals(queues: Iterable<QueueLive>): Totals {
  const sum: Totals = { waiting: 0, longestSince: undefined, answered: 0, abandoned: 0, answeredIn20s: 0 };
  for (const queue of queues) {
    sum.waiting += queue.waiting;
    if (queue.waiting > 0 && queue.longest_since != null) sum.longestSince = Math.min(sum.longestSince ?? Infinity, queue.longest_since);
    sum.answered += queue.answered_today;
    sum.abandoned += queue.abandoned_today;
    sum.answeredIn20s += queue.answered_in_20s_today;
  }
  return sum;
}

export function Tiles() {
  const t = useText();
  const known = useLive((state) => state.known);
  const queues = useLive((state) => state.queues);
  const agents = useLive((state) => state.agents);
  const sum = totals(queues.values());
  const atWork = [...agents.values()].filter((agent) => agent.state !== "logged_out");
  const ready = atWork.filter((agent) => agent.state === "ready").length;
  const talking = atWork.filter((agent) => agent.state === "talking").length;
  const ended = sum.answered + sum.abandoned;
  const figure = (value: ReactNode) => (known ? value : "–");
  return (
    <dl className="tiles">
      <Tile word={t("sup.waiting")}>{figure(sum.waiting)}</Tile>
      <Tile word={t("sup.longest")}><Since at={sum.longestSince} limitMs={WAIT_LIMIT_MS} /></Tile>
      <Tile word={t("sup.sl")} about={t("sup.sl.about")}>{figure(percent(sum.answeredIn20s, ended))}</Tile>
      <Tile word={t("sup.abandoned")} about={t("sup.abandoned.about")}>{figure(percent(sum.abandoned, ended))}</Tile>
      <Tile word={t("sup.readyOf")}>{figure(`${ready} / ${atWork.length}`)}</Tile>
      <Tile word={t("sup.talking")}>{figure(talking)}</Tile>
    </dl>
  );
}

function Tile({ word, about, children }: { word: string; about?: string; children: ReactNode }) {
  return (
    <div className="tile" title={about}>
      <dt>{word}</dt>
      <dd className="figure">{children}</dd>
    </div>
  );
}
