// The floor: tiles, queues, who waits and why, live calls, agents.
import { useState } from "react";
import { useLive } from "../live/store";
import { AsOf } from "../parts/as-of";
import { ReasonDrawer } from "../parts/reason";
import { useText } from "../text";
import { AgentsPanel } from "./agents-panel";
import { LiveCallsPanel } from "./live-calls-panel";
import { QueuesPanel } from "./queues-panel";
import { Tiles } from "./tiles";
import { WaitingPanel } from "./waiting-panel";
import "./supervisor.css";

export function SupervisorPage() {
  const t = useText();
  const [why, setWhy] = useState<string>();
  const call = useLive((state) => (why === undefined ? undefined : state.calls.get(why)));
  return (
    <main className="page fill floor">
      <div className="page-head">
        <h1>{t("sup.title")}</h1>
        <Tiles />
        <AsOf />
      </div>
      <div className="floor-columns">
        <div className="floor-left">
          <QueuesPanel />
          <WaitingPanel why={setWhy} />
          <LiveCallsPanel why={setWhy} />
        </div>
        <AgentsPanel />
      </div>
      <ReasonDrawer open={why !== undefined} close={() => setWhy(undefined)} call={call} />
    </main>
  );
}
