// One browser and one made-up site for a test file, and the acts tests have in common.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { Mock } from "../mock/server.mjs";
import { CHROMIUM, CHROMIUM_ARGS, dress, LAPTOP, type Look, SITE_ZONE } from "./browser";

const DIST = join(import.meta.dirname, "../dist");

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
      timezoneId: SITE_ZONE,
      args: CHROMIUM_ARGS,
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
    await dress(page, look);
    await this.context.clearCookies();
    if (user !== undefined) {
      const answer = await this.context.request.post(`${this.origin}/api/v1/sessions`, { data: { username: user, password: "demo" } });
      if (!answer.ok()) throw new Error(`log-in of ${user}: ${answer.status()}`);
    }
    return page;
  }
}
