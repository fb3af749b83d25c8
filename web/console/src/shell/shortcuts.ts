// Alt shortcuts, matched by the key's place (`event.code`) so that they work under every keyboard layout and input method.
import { useEffect, useRef } from "react";

/** Names of keys as `event.code`; shown to people without the "Key". */
export const SHORTCUTS = {
  answer: "KeyQ",
  hangUp: "KeyX",
  ready: "KeyR",
  notReady: "KeyB",
  finish: "KeyW",
  why: "KeyI",
} as const;

export type Shortcut = keyof typeof SHORTCUTS;

export function shown(shortcut: Shortcut): string {
  return `Alt+${SHORTCUTS[shortcut].slice(3)}`;
}

/** Nothing happens while an input method composes. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

export function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat || isComposing(event)) return undefined;
  return (Object.keys(SHORTCUTS) as Shortcut[]).find((name) => SHORTCUTS[name] === event.code);
}

/** While mounted, each given shortcut does its act; an absent act leaves the key to others. */
export function useShortcuts(acts: Partial<Record<Shortcut, () => void>>): void {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event);
      const act = shortcut && latest.current[shortcut];
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

/** Single letters and digits are dead in fields. */
export function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
