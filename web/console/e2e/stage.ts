// One browser and one made-up site for a test file, and the acts tests have in common.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { Mock } from "../mock/server.mjs";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** A laptop of 1366×768 leaves this inside its browser. */
export const LAPTOP = { width: 1366, height: 650 };

const DIST = join(import.meta.dirname, "../dist");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Look {
  language: "zh-CN" | "en";
  theme: "light" | "dark";
}

export interface Problem {
  id: string;
  targets: string[];
}

export class Stage {
  readonly mock: Mock;
  readonly origin: string;
  readonly context: BrowserContext;
  private readonly profile: string;

  private constructor(mock: Mock, origin: string, context: BrowserContext, profile: string) {
    this.mock = mock;
    this.origin = origin;
    this.context = context;
    this.profile = profile;
  }

  static async open(options: { lively?: boolean; agents?: number } = {}): Promise<Stage> {
    const mock = new Mock({ dist: DIST, lively: false, ...options });
    const origin = await mock.listen(0);
    const profile = mkdtempSync(join(tmpdir(), "console-e2e-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      viewport: LAPTOP,
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
      ],
    });
    return new Stage(mock, origin, context, profile);
  }

  async close(): Promise<void> {
    await this.context.close();
    await this.mock.close();
    rmSync(this.profile, { recursive: true, force: true });
  }

  /** What these files of the build weigh, compressed as the exchange sends them. */
  zippedBytes(paths: readonly string[]): number {
    const files = paths.map((path) => join(DIST, path === "/agent" ? "index.html" : path)).filter((path) => existsSync(path));
    return files.reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);
  }

  async steer(act: string, body: object = {}): Promise<Record<string, string>> {
    const response = await fetch(`${this.origin}/mock/${act}`, { method: "POST", body: JSON.stringify(body) });
    return (await response.json()) as Record<string, string>;
  }

  /** A page that is logged in as `user`, in this language and theme. Sessions last until the site restarts. */
  async page(user: string | undefined, look: Look = { language: "zh-CN", theme: "light" }): Promise<Page> {
    const page = await this.context.newPage();
    await page.addInitScript(([language, theme]) => {
      localStorage.setItem("strowger.language", language ?? "");
      localStorage.setItem("strowger.theme", theme ?? "");
    }, [look.language, look.theme] as const);
    await this.context.clearCookies();
    if (user !== undefined) {
      const answer = await this.context.request.post(`${this.origin}/api/v1/sessions`, { data: { username: user, password: "demo" } });
      if (!answer.ok()) throw new Error(`log-in of ${user}: ${answer.status()}`);
    }
    return page;
  }
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
