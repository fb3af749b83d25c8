// How a call ended: an icon of its own and words. "Error" only for our own faults.
import type { EndState } from "../api/types";
import { Icon, type IconName } from "./icons";
import { textOr, useText } from "../text";
import "./parts.css";

type Tone = "good" | "lost" | "plain" | "fault";

const TONES: Partial<Record<EndState, { tone: Tone; icon: IconName }>> = {
  agent_answered: { tone: "good", icon: "ready" },
  extension_call: { tone: "good", icon: "inside" },
  outbound_talk: { tone: "good", icon: "outward" },
  voice_message: { tone: "plain", icon: "recording" },
  in_ivr: { tone: "plain", icon: "keys" },
  queue_abandoned: { tone: "lost", icon: "waiting" },
  ring_timeout: { tone: "lost", icon: "offered" },
  agent_unreachable: { tone: "lost", icon: "unknown" },
  refused: { tone: "lost", icon: "refused" },
  failed: { tone: "fault", icon: "warn" },
};

export function EndPill({ state }: { state: EndState }) {
  useText();
  const { tone, icon } = TONES[state] ?? { tone: "plain", icon: "hangUp" };
  return <span className={`ended ended-${tone}`}><Icon name={icon} size={12} />{textOr(`end.${state}`, state)}</span>;
}
