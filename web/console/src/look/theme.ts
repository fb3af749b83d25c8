// Light or dark, and what Ant Design makes of it. The system decides until the user does.
import { theme as antd, type ThemeConfig } from "antd";
import { useSyncExternalStore } from "react";
import { colour, type Theme, wear } from "./tokens";

export type ThemeChoice = "system" | Theme;

const REMEMBERED = "strowger.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let choice: ThemeChoice = "system";

function current(): Theme {
  if (choice !== "system") return choice;
  return system.matches ? "dark" : "light";
}

function changed(): void {
  wear(current());
  for (const listener of listeners) listener();
}

/** Called once before the first render. */
export function startTheme(): void {
  const stored = localStorage.getItem(REMEMBERED);
  if (stored === "light" || stored === "dark") choice = stored;
  wear(current());
  system.addEventListener("change", changed);
}

export function chooseTheme(next: ThemeChoice): void {
  choice = next;
  localStorage.setItem(REMEMBERED, next);
  changed();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, current);
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, () => choice);
}

export const FONT_FAMILY =
  'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

/** The compact algorithm takes one step off each: 16 becomes 14 px text, 36 becomes 32 px controls. */
const SEED_FONT_SIZE = 16;
const SEED_CONTROL_HEIGHT = 36;

export function antdTheme(theme: Theme): ThemeConfig {
  const of = (name: Parameters<typeof colour>[0]) => colour(name, theme);
  return {
    algorithm: theme === "dark" ? [antd.darkAlgorithm, antd.compactAlgorithm] : [antd.compactAlgorithm],
    token: {
      fontFamily: FONT_FAMILY,
      fontSize: SEED_FONT_SIZE,
      controlHeight: SEED_CONTROL_HEIGHT,
      borderRadius: 4,
      motionDurationFast: "0.08s",
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.15s",
      colorPrimary: of("primary"),
      colorPrimaryHover: of("primary-hover"),
      colorPrimaryActive: of("primary-hover"),
      colorLinkHover: of("link"),
      colorLink: of("link"),
      colorSuccess: of("success"),
      colorWarning: of(theme === "light" ? "warn-bg" : "not_ready-fg"),
      colorError: of("error"),
      colorText: of("text"),
      colorTextSecondary: of("text-soft"),
      colorTextTertiary: of("text-faint"),
      colorTextDescription: of("text-faint"),
      colorTextPlaceholder: of("text-faint"),
      colorBgContainer: of("panel"),
      colorBgElevated: of("panel"),
      colorBgLayout: of("page"),
      colorBorder: of("control"),
      colorBorderSecondary: of("line"),
    },
    components: { DatePicker: { colorTextDisabled: of("text-faint") } },
  };
}
