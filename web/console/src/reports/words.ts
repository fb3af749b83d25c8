// Codes of a record in words: why a call was refused or failed, what to do about it, and by which outlet a node was left.
import { text, textOr } from "../text";

/** Reason of a call that was refused, or that died with the process in one of its phases; a fault's own message stays as it is. */
export function reasonWord(reason: string, called: string): string {
  const phase = /^crash_(\w+)$/.exec(reason)?.[1];
  if (phase !== undefined) return text("refused.crash", { phase: textOr(`phase.${phase}`, phase) });
  return textOr(`refused.${reason}`, reason, { called });
}

export function remedyWord(reason: string): string {
  return textOr(`remedy.${reason}`, "");
}

export function outletWord(outcome: string): string {
  if (/^[0-9*#A-D]$/.test(outcome)) return text("outlet.pressed", { key: outcome });
  const more = /^\+(\d+)$/.exec(outcome)?.[1];
  if (more !== undefined) return text("outlet.more", { n: Number(more) });
  return textOr(`outlet.${outcome}`, outcome);
}
