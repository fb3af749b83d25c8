// Every colour of the console, light and dark, in one table. Ratios of text on its tint are at least 4.5:1 (most over 5).
// CSS reads them as `--sw-NAME`; Ant Design gets the same values in theme.ts.

export type Theme = "light" | "dark";

type Pair = Record<Theme, string>;

export const tokens = {
  // States: tinted pills.
  "ready-fg": { light: "#1F6B0A", dark: "#95DE64" },
  "ready-bg": { light: "#EAF7E3", dark: "#16290C" },
  "offered-fg": { light: "#531DAB", dark: "#C9A5F7" },
  "offered-bg": { light: "#F5EDFF", dark: "#251636" },
  "talking-fg": { light: "#0958D9", dark: "#7DB8FF" },
  "talking-bg": { light: "#E6F0FF", dark: "#0F2340" },
  "wrap_up-fg": { light: "#006D75", dark: "#5CDBD3" },
  "wrap_up-bg": { light: "#E1F7F6", dark: "#0C2929" },
  "not_ready-fg": { light: "#9A3E00", dark: "#FFA366" },
  "not_ready-bg": { light: "#FFF1E3", dark: "#33190A" },
  "logged_out-fg": { light: "#595959", dark: "#BFBFBF" },
  "logged_out-bg": { light: "#F2F2F2", dark: "#262626" },
  "unknown-fg": { light: "#595959", dark: "#BFBFBF" },
  "unknown-bg": { light: "#FFFFFF", dark: "#141414" },
  // Severities: filled.
  "warn-fg": { light: "#FFFFFF", dark: "#141414" },
  "warn-bg": { light: "#7A4D00", dark: "#FFD666" },
  "alarm-fg": { light: "#FFFFFF", dark: "#141414" },
  "alarm-bg": { light: "#B3121D", dark: "#FF8A85" },
  // Surfaces and text.
  "page": { light: "#F5F6F8", dark: "#0E0E0E" },
  "panel": { light: "#FFFFFF", dark: "#141414" },
  "panel-raised": { light: "#FAFBFC", dark: "#1C1C1C" },
  "line": { light: "#E3E5E8", dark: "#2E2E2E" },
  "control": { light: "#8A8A8A", dark: "#6E6E6E" },
  "text": { light: "#1F1F1F", dark: "#E6E6E6" },
  "text-soft": { light: "#595959", dark: "#BFBFBF" },
  "text-faint": { light: "#6B6B6B", dark: "#A6A6A6" },
  "primary": { light: "#0958D9", dark: "#1668DC" },
  "primary-hover": { light: "#0A48AD", dark: "#1259B8" },
  "link": { light: "#0958D9", dark: "#7DB8FF" },
  "hover": { light: "#F0F4FA", dark: "#1F2630" },
  "selected": { light: "#E6F0FF", dark: "#0F2340" },
  "error": { light: "#B3121D", dark: "#FF8A85" },
  "success": { light: "#1F6B0A", dark: "#95DE64" },
  "focus": { light: "#0958D9", dark: "#7DB8FF" },
} satisfies Record<string, Pair>;

export type TokenName = keyof typeof tokens;

export function colour(name: TokenName, theme: Theme): string {
  return tokens[name][theme];
}

/** Puts the table on the document, where the style sheets find it. */
export function wear(theme: Theme): void {
  const root = document.documentElement;
  root.dataset["theme"] = theme;
  root.style.colorScheme = theme;
  for (const [name, pair] of Object.entries(tokens)) root.style.setProperty(`--sw-${name}`, pair[theme]);
}
