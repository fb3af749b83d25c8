// The reason of a refusal in words, and what to do about it.
import { textOr } from "../text";

export function refusedWord(reason: string, called: string): string {
  return textOr(`refused.${reason}`, reason, { called });
}

export function remedyWord(reason: string): string {
  return textOr(`remedy.${reason}`, "");
}
