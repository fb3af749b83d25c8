// Each queue with what waits in it and who serves it.
import { Since } from "../live/since";
import { useLive } from "../live/store";
import { Loading } from "../parts/faces";
import { useQueueName } from "../parts/names";
import { useText } from "../text";
import { percent } from "../text/format";
import { WAIT_LIMIT_MS } from "./limits";

export function QueuesPanel() {
  const t = useText();
  const known = useLive((state) => state.known);
  const queues = useLive((state) => state.queues);
  const name = useQueueName();
  return (
    <section className="panel floor-queues" aria-labelledby="floor-queues">
      <header><h2 id="floor-queues">{t("sup.queues")}</h2><span className="faint figure">{known && queues.size}</span></header>
      <div className="scroll" tabIndex={0} role="group" aria-labelledby="floor-queues">
        {!known && <Loading rows={3} />}
        {known && queues.size === 0 && <p className="blank">{t("sup.noQueues")}</p>}
        {queues.size > 0 && (
          <table className="grid dense">
            <thead>
              <tr>
                <th>{t("sup.queue")}</th>
                <th className="number">{t("sup.waiting")}</th>
                <th className="number wide">{t("sup.longest")}</th>
                <th className="number" title={t("sup.sl.about")}>{t("sup.sl")}</th>
                <th className="number" title={t("sup.abandoned.about")}>{t("sup.abandoned")}</th>
                <th className="number">{t("sup.col.answered")}</th>
                <th className="number">{t("state.ready")}</th>
                <th className="number">{t("state.talking")}</th>
                <th className="number">{t("state.wrap_up")}</th>
                <th className="number">{t("state.not_ready")}</th>
              </tr>
            </thead>
            <tbody>
              {[...queues.values()].map((queue) => {
                const ended = queue.answered_today + queue.abandoned_today;
                return (
                  <tr key={queue.queue}>
                    <td title={`${queue.queue} ${queue.number}`}>{name(queue.queue)} <span className="faint figure">{queue.number}</span></td>
                    <td className="number figure">{queue.waiting}</td>
                    <td className="number"><Since at={queue.waiting > 0 ? queue.longest_since : null} limitMs={WAIT_LIMIT_MS} /></td>
                    <td className="number figure">{percent(queue.answered_in_20s_today, ended)}</td>
                    <td className="number figure">{percent(queue.abandoned_today, ended)}</td>
                    <td className="number figure">{queue.answered_today}</td>
                    <td className="number figure">{queue.ready}</td>
                    <td className="number figure">{queue.talking}</td>
                    <td className="number figure">{queue.wrap_up}</td>
                    <td className="number figure">{queue.not_ready}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}
