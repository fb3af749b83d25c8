// Every page in its states, in both languages and themes: clean to axe, nothing wider than the window; a picture of
// each is left in $CONSOLE_SHOTS for people to look at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Look, violations } from "./browser";
import { Stage } from "./stage";

const SHOTS = process.env["CONSOLE_SHOTS"];

interface Scene {
  name: string;
  user: string | undefined;
  path: string;
  /** Puts site and page into the state; the page is open and shows `path`. */
  set?: (stage: Stage, page: Page) => Promise<void>;
  /** Seen once the state is there. */
  shows: string;
  before?: (stage: Stage) => Promise<void>;
}

const agent = (fields: object) => async (stage: Stage) => void (await stage.steer("agent", { agent: "1001", fields }));
const loggedIn = agent({ state: "ready", extension: "8001" });
const ring = async (stage: Stage) => {
  await loggedIn(stage);
  await stage.steer("ring", { agent: "1001" });
};

const scenes: Scene[] = [
  { name: "login", user: undefined, path: "/login", shows: "form" },
  {
    name: "login-wrong", user: undefined, path: "/login", shows: ".login-problem:not(:empty)",
    set: async (_, page) => {
      await page.fill("#username", "1001");
      await page.fill("#password", "wrong");
      await page.click("button[type=submit]");
    },
  },
  {
    name: "login-locked", user: undefined, path: "/login", shows: ".login-problem:not(:empty)",
    before: async (stage) => {
      for (let tries = 0; tries < 9; tries += 1) await stage.context.request.post(`${stage.origin}/api/v1/sessions`, { data: { username: "1001", password: "" } });
    },
    set: async (_, page) => {
      await page.fill("#username", "1001");
      await page.fill("#password", "wrong");
      await page.click("button[type=submit]");
    },
  },
  { name: "agent-start-shift", user: "1001", path: "/agent", shows: ".shift" },
  { name: "agent-idle", user: "1001", path: "/agent", shows: ".idle", before: loggedIn },
  { name: "agent-not-ready", user: "1001", path: "/agent", shows: ".idle .big", before: agent({ state: "not_ready", reason: "lunch", extension: "8001" }) },
  { name: "agent-own-reason", user: "1001", path: "/agent", shows: ".idle .big", before: agent({ state: "not_ready", reason: "去人事部办理入职手续", extension: "8001" }) },
  { name: "agent-unreachable", user: "1001", path: "/agent", shows: ".idle", before: agent({ state: "not_ready", reason: "unreachable", extension: "8001", phone_registered: false }) },
  {
    name: "agent-state-menu", user: "1001", path: "/agent", shows: ".ant-dropdown-menu", before: loggedIn,
    set: async (_, page) => void (await page.waitForSelector(".idle"), await page.keyboard.press("Alt+b")),
  },
  { name: "agent-ringing", user: "1001", path: "/agent", shows: ".ring-clock", before: ring },
  {
    name: "agent-ringing-why", user: "1001", path: "/agent", shows: ".ant-drawer .why table", before: ring,
    set: async (_, page) => void (await page.waitForSelector(".ring-clock"), await page.keyboard.press("Alt+i")),
  },
  {
    name: "agent-talking", user: "1001", path: "/agent", shows: ".connections", before: ring,
    set: async (_, page) => void (await page.waitForSelector(".ring-clock"), await page.keyboard.press("Alt+q")),
  },
  {
    name: "agent-talking-next", user: "1001", path: "/agent", shows: ".bar-next", before: ring,
    set: async (_, page) => {
      await page.waitForSelector(".ring-clock");
      await page.keyboard.press("Alt+q");
      await page.waitForSelector(".connections");
      await page.keyboard.press("Alt+b");
      await page.waitForSelector(".ant-dropdown-menu");
      await page.keyboard.press("2");
    },
  },
  {
    name: "agent-wrap-up", user: "1001", path: "/agent", shows: ".wrap-line", before: ring,
    set: async (_, page) => {
      await page.waitForSelector(".ring-clock");
      await page.keyboard.press("Alt+q");
      await page.waitForSelector(".connections");
      await page.keyboard.press("Alt+x");
    },
  },
  {
    name: "agent-missed", user: "1001", path: "/agent", shows: ".ended-note:not(:empty)", before: ring,
    set: async (stage, page) => {
      await page.waitForSelector(".ring-clock");
      await page.waitForFunction(() => document.title.includes("☎"));
      const live = await stage.context.request.get(`${stage.origin}/api/v1/calls`);
      const { items } = (await live.json()) as { items: { call: string }[] };
      await stage.steer("caller-leaves", { call: items[0]?.call });
    },
  },
  {
    name: "agent-refused", user: "1001", path: "/agent", shows: ".fate-refused", before: ring,
    set: async (stage, page) => {
      await page.waitForSelector(".ring-clock");
      await stage.steer("mode", { mode: "refuse" });
      await page.keyboard.press("Alt+q");
    },
  },
  {
    name: "agent-unanswered", user: "1001", path: "/agent", shows: ".fate-unanswered", before: ring,
    set: async (stage, page) => {
      await page.waitForSelector(".ring-clock");
      await stage.steer("mode", { mode: "silent" });
      await page.keyboard.press("Alt+q");
    },
  },
  {
    name: "agent-line-lost", user: "1001", path: "/agent", shows: ".line-banner", before: loggedIn,
    set: async (stage, page) => void (await page.waitForSelector(".idle"), await stage.steer("down", { down: true })),
  },
  {
    name: "user-menu", user: "1001", path: "/agent", shows: ".user-panel", before: loggedIn,
    set: async (_, page) => void (await page.waitForSelector(".idle"), await page.click(".user-button")),
  },
  { name: "supervisor", user: "1000", path: "/supervisor", shows: ".floor-agents td" },
  {
    name: "supervisor-busy", user: "1000", path: "/supervisor", shows: ".floor-waiting td",
    before: async (stage) => {
      await stage.steer("ring", { agent: "1002", caller: "18900001234" });
      for (const caller of ["13911112222", "02161234567", "075512345678"]) await stage.steer("arrive", { caller, key: "1", ivrMs: 0 });
      for (const caller of ["13800138000", "4006661234"]) await stage.steer("arrive", { caller, ivrMs: 600_000 });
    },
  },
  {
    name: "supervisor-why", user: "1000", path: "/supervisor", shows: ".ant-drawer .why table",
    before: async (stage) => {
      await stage.steer("ring", { agent: "1002" });
      await stage.steer("arrive", { key: "1", ivrMs: 0 });
    },
    set: async (_, page) => page.click(".floor-waiting .row-act"),
  },
  {
    name: "supervisor-why-nobody", user: "1000", path: "/supervisor", shows: ".ant-drawer .why table",
    before: async (stage) => {
      await stage.steer("ring", { agent: "none" });
    },
    set: async (_, page) => page.click(".floor-waiting .row-act"),
  },
  {
    name: "supervisor-end-armed", user: "1000", path: "/supervisor", shows: ".row-act.danger",
    before: async (stage) => void (await stage.steer("arrive", { ivrMs: 600_000 })),
    set: async (_, page) => page.click(".end-call .row-command"),
  },
  { name: "records", user: "1000", path: "/reports/records?period=all", shows: "table.records td" },
  { name: "records-custom", user: "1000", path: "/reports/records?period=custom&from=2026-11-01&queue=sales", shows: ".filters" },
  {
    name: "records-calendar", user: "1000", path: "/reports/records?period=custom&from=2026-11-01", shows: ".ant-picker-content",
    set: async (_, page) => page.click(".w-day"),
  },
  { name: "records-other-zone", user: "1000", path: "/reports/records?period=all", shows: "table.records td", before: async (stage) => void (await stage.steer("timezone", { timezone: "Europe/Berlin" })) },
  { name: "records-agent", user: "1002", path: "/reports/records?period=all", shows: "table.records td" },
  { name: "records-empty", user: "1000", path: "/reports/records?number=000000", shows: ".face" },
  { name: "records-error", user: "1000", path: "/reports/records", shows: ".face", before: async (stage) => void (await stage.steer("fail", { path: "/api/v1/records", status: 500, code: "store_unavailable" })) },
  { name: "records-loading", user: "1000", path: "/reports/records", shows: ".skeleton-row", before: async (stage) => void (await stage.steer("slow", { ms: 3_000 })) },
  {
    name: "record", user: "1000", path: "/reports/records?period=all&state=agent_answered", shows: ".waves path",
    set: async (_, page) => page.click("table.records tbody a"),
  },
  {
    name: "record-message", user: "1000", path: "/reports/records?period=all&state=voice_message", shows: ".waves path",
    set: async (_, page) => page.click("table.records tbody a"),
  },
  {
    name: "record-refused", user: "1000", path: "/reports/records?period=all&state=refused", shows: ".record-head",
    set: async (_, page) => page.click("table.records tbody a"),
  },
  {
    name: "record-crashed", user: "1000", path: "/reports/records?period=all&state=failed", shows: ".record-head",
    set: async (_, page) => page.click("table.records tbody a"),
  },
  {
    name: "record-abandoned", user: "1000", path: "/reports/records?period=all&state=queue_abandoned", shows: ".record-head",
    set: async (_, page) => page.click("table.records tbody a"),
  },
  { name: "record-missing", user: "1000", path: "/reports/records/01890000-0000-7000-8000-000000000000", shows: ".face" },
  {
    name: "refused", user: "1000", path: "/reports/refused", shows: "table.refused td",
    before: async (stage) => {
      for (const reason of ["number_unbound", "extension_unknown", "media", "overload"]) await stage.steer("refuse", { reason });
    },
  },
  { name: "refused-empty", user: "1000", path: "/reports/refused", shows: ".panel", before: async (stage) => void (await stage.steer("restart", { records: 0 })) },
  { name: "home-of-auditor", user: "auditor", path: "/", shows: ".face" },
  { name: "not-found", user: "1000", path: "/nowhere", shows: ".face" },
  { name: "no-right", user: "1001", path: "/supervisor", shows: ".face" },
];

const looks: Look[] = [
  { language: "zh-CN", theme: "light" },
  { language: "en", theme: "light" },
  { language: "zh-CN", theme: "dark" },
  { language: "en", theme: "dark" },
];

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
  if (SHOTS) mkdirSync(SHOTS, { recursive: true });
});
afterAll(() => stage.close());

async function show(scene: Scene, look: Look): Promise<Page> {
  await stage.steer("restart");
  await scene.before?.(stage);
  const page = await stage.page(scene.user, look);
  await page.goto(stage.origin + scene.path);
  await scene.set?.(stage, page);
  await page.waitForSelector(scene.shows, { timeout: 20_000 });
  return page;
}

/** A large screen, a small window, and a laptop's window at 200 % zoom: nothing goes over the edge. */
const SIZES = { large: { width: 1920, height: 1080 }, small: { width: 1280, height: 600 }, zoomed: { width: 683, height: 325 } };

async function otherSizes(page: Page, name: string): Promise<void> {
  const sideways = () => page.evaluate(() => Math.max(...["html", ".content"].map((part) => {
    const element = document.querySelector(part);
    return element ? element.scrollWidth - element.clientWidth : 0;
  })));
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    // What is open beside a button finds its new place a moment later.
    await expect.poll(sideways, { message: size }).toBeLessThanOrEqual(0);
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.${size}.png`), fullPage: size === "zoomed" });
  }
}

describe.each(looks.map((look) => [`${look.language} ${look.theme}`, look] as const))("%s", (_, look) => {
  test.each(scenes.map((scene) => [scene.name, scene] as const))("%s", async (_name, scene) => {
    const page = await show(scene, look);
    try {
      await page.waitForTimeout(250);
      if (SHOTS) await page.screenshot({ path: join(SHOTS, `${scene.name}.${look.language}.${look.theme}.png`) });
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(sideways).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      if (look.theme === "light") await otherSizes(page, `${scene.name}.${look.language}`);
    } finally {
      await page.close();
    }
  });
});
