// Which language is shown, and its words. Until somebody chooses, an English browser gets English and every other Chinese.
import { useSyncExternalStore } from "react";
import { speak } from "../api/client";
import { en } from "./en";
import { type TextKey, zh } from "./zh";

export type Language = "zh-CN" | "en";
export type Values = Record<string, string | number>;
export type Text = (key: TextKey, values?: Values) => string;

const REMEMBERED = "strowger.language";
const listeners = new Set<() => void>();
const words: Record<Language, Record<TextKey, string>> = { "zh-CN": zh, en };
let language: Language = "zh-CN";

function remembered(): Language {
  const stored = localStorage.getItem(REMEMBERED);
  if (stored === "zh-CN" || stored === "en") return stored;
  return navigator.language.toLowerCase().startsWith("en") ? "en" : "zh-CN";
}

function use(next: Language): void {
  language = next;
  document.documentElement.lang = next;
  speak(next);
}

/** Called once before the first render. */
export function startLanguage(): void {
  use(remembered());
}

export function chooseLanguage(next: Language): void {
  localStorage.setItem(REMEMBERED, next);
  use(next);
  for (const listener of listeners) listener();
}

/** The words for `key`; `one|other` is chosen by `values.n`, `{name}` is filled in. */
export const text: Text = (key, values) => fill(words[language][key], values);

export function fill(pattern: string, values: Values = {}): string {
  const forms = pattern.split("|");
  const form = (values["n"] === 1 ? forms[0] : forms.at(-1)) ?? pattern;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** `text` for a code the exchange may know and this console may not: then the code itself. */
export function textOr(key: string, otherwise: string, values?: Values): string {
  return key in zh ? text(key as TextKey, values) : otherwise;
}

export function useLanguage(): Language {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => language,
  );
}

/** Renders again when the language changes. */
export function useText(): Text {
  useLanguage();
  return text;
}
