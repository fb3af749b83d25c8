// The agent's desk: one place where the work item is, and beside it what does not change with it.
import { useLive } from "../live/store";
import { AsOf } from "../parts/as-of";
import { Face, Loading } from "../parts/faces";
import { useText } from "../text";
import { useUser } from "../shell/session";
import type { AgentLive } from "../api/types";
import { IdlePanel } from "./idle-panel";
import { MyDay } from "./my-day";
import { MyQueues } from "./my-queues";
import { useMe } from "./orders";
import { RingPanel } from "./ring-panel";
import { RingTonePanel } from "./ring-tone-panel";
import { StartShift } from "./start-shift";
import { TalkPanel } from "./talk-panel";
import { WrapPanel } from "./wrap-panel";
import "./agent.css";

export function AgentPage() {
  const t = useText();
  const user = useUser();
  const known = useLive((state) => state.known);
  const me = useMe();
  return (
    <main className="page fill desk">
      <div className="page-head">
        <h1 className="grow">{t("agent.title")} <span className="soft desk-who">{user.agent} {user.name}</span></h1>
        <AsOf />
      </div>
      <div className="desk-columns">
        <section className="panel desk-work" aria-label={t("agent.contacts")}>
          {!known && <Loading />}
          {known && !me && <Face title={t("problem.unknown_agent")}>{t("bar.notAgent")}</Face>}
          {me && <Work me={me} />}
        </section>
        <div className="desk-side">
          <MyQueues />
          {user.agent != null && <MyDay agent={user.agent} />}
          <RingTonePanel />
        </div>
      </div>
    </main>
  );
}

function Work({ me }: { me: AgentLive }) {
  switch (me.state) {
    case "logged_out":
      return <StartShift me={me} />;
    case "offered":
      return <RingPanel me={me} />;
    case "talking":
      return <TalkPanel me={me} />;
    case "wrap_up":
      return <WrapPanel me={me} />;
    case "ready":
    case "not_ready":
      return <IdlePanel me={me} />;
  }
}
