// The agent's queues: who waits, how long, and who else is there.
import { useLive } from "../live/store";
import { Since } from "../live/since";
import { Loading } from "../parts/faces";
import { useQueueName } from "../parts/names";
import { WAIT_LIMIT_MS } from "../supervisor/limits";
import { useText } from "../text";
import { useMe } from "./orders";

export function MyQueues() {
  const t = useText();
  const me = useMe();
  const known = useLive((state) => state.known);
  const queues = useLive((state) => state.queues);
  const name = useQueueName();
  const mine = [...queues.values()].filter((queue) => !me || me.queues.length === 0 || me.queues.includes(queue.queue));
  return (
    <section className="panel" aria-labelledby="my-queues">
      <header><h2 id="my-queues">{t("agent.myQueues")}</h2></header>
      {!known && <Loading rows={2} />}
      {known && mine.length === 0 && <p className="blank">{t("agent.noQueues")}</p>}
      {mine.length > 0 && (
        <table className="grid fixed">
          <thead>
            <tr>
              <th>{t("sup.queue")}</th>
              <th className="number">{t("sup.waiting")}</th>
              <th className="number">{t("sup.longest")}</th>
              <th className="number">{t("state.ready")}</th>
            </tr>
          </thead>
          <tbody>
            {mine.map((queue) => (
              <tr key={queue.queue}>
                <td title={queue.queue}>{name(queue.queue)}</td>
                <td className="number figure">{queue.waiting}</td>
                <td className="number"><Since at={queue.waiting > 0 ? queue.longest_since : null} limitMs={WAIT_LIMIT_MS} /></td>
                <td className="number figure">{queue.ready}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
