// Names of queues and agents as people know them, by what the live picture holds; else the id.
import { useLive } from "../live/store";
import { useLanguage } from "../text";

export function useQueueName(): (queue: string | null | undefined) => string {
  const queues = useLive((state) => state.queues);
  const language = useLanguage();
  return (queue) => {
    const known = queue == null ? undefined : queues.get(queue);
    if (!known) return queue ?? "–";
    return (language === "en" ? known.name_en : known.name_zh) || known.queue;
  };
}

export function useAgentName(): (agent: string | null | undefined) => string {
  const agents = useLive((state) => state.agents);
  return (agent) => {
    if (agent == null) return "–";
    const name = agents.get(agent)?.name;
    return name && name !== agent ? `${agent} ${name}` : agent;
  };
}
