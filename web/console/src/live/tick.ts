// One tick per second, aligned to the exchange's seconds, for every timer and clock of the page.
import { serverNow } from "./clock";

const SECOND_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

function schedule(): void {
  timer = setTimeout(() => {
    for (const listener of listeners) listener();
    schedule();
  }, SECOND_MS - (Math.floor(serverNow()) % SECOND_MS) + 1);
}

export function onTick(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) schedule();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}
