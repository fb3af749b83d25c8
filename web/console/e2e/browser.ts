// The browser of the e2e tests, and what axe says of a page.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const CHROMIUM_ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // As for people: a page nobody has touched is silent. Without a head, Chromium allows everything.
  "--autoplay-policy=document-user-activation-required",
];
/** A laptop of 1366×768 leaves this inside its browser. */
export const LAPTOP = { width: 1366, height: 650 };

/** Of the demo site; a browser elsewhere names it. */
export const SITE_ZONE = "Asia/Shanghai";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Look {
  language: "zh-CN" | "en";
  theme: "light" | "dark";
}

export interface Problem {
  id: string;
  targets: string[];
}

/** What `page` wears when it loads the next time. */
export async function dress(page: Page, look: Look): Promise<void> {
  await page.addInitScript(([language, theme]) => {
    localStorage.setItem("strowger.language", language ?? "");
    localStorage.setItem("strowger.theme", theme ?? "");
  }, [look.language, look.theme] as const);
}

/** Violations of WCAG 2.2 A and AA; no rule is switched off. */
export async function violations(page: Page): Promise<Problem[]> {
  // Evaluated, not added as a script: the page keeps its content security policy.
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] }> } }).axe;
    const result = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return result.violations.map((violation) => ({ id: violation.id, targets: violation.nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`) }));
  });
}
