// The API of the exchange over a made-up site (world.mjs), for development and for tests of the console.
// `node mock/server.mjs [--port N] [--dist FOLDER] [--still]`; port 0 lets the system choose; the address is printed.
// Tests steer it by POST /mock/…, which the exchange does not have.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { WebSocketServer } from "ws";
import { peaks, wav } from "./sound.mjs";
import { World } from "./world.mjs";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json" };
/** The policy of the exchange: what it would block must fail here too. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; " +
  "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const COOKIE = "strowger_session";
const TIMEZONE_DEFAULT = "Asia/Shanghai";
const PAGE_DEFAULT = 50;
const PAGE_MAX = 500;
const AUDIO_MS_MAX = 60_000;

const WORDS = {
  unauthenticated: ["登录已过期", "The session has ended"],
  wrong: ["用户名或密码错误", "Wrong user name or password"],
  locked: ["尝试次数过多", "Too many tries"],
  forbidden: ["没有权限", "You have no right to do this"],
  origin: ["来源不符", "The Origin is not this host"],
  not_found: ["不存在", "There is no such thing"],
  refused: ["请求被拒绝", "The request was refused"],
  broken: ["服务器内部错误", "The server failed"],
};

class Refusal extends Error {
  constructor(status, code, words = code, more = {}) {
    super(code);
    Object.assign(this, { status, code, words, more });
  }
}

export class Mock {
  constructor({ dist, ...world } = {}) {
    this.dist = dist;
    this.worldOptions = world;
    this.world = new World(world);
    this.sessions = new Map();
    this.fails = 0;
    this.failing = undefined;
    this.slowMs = 0;
    this.mode = "normal";
    this.down = false;
    this.timezone = TIMEZONE_DEFAULT;
    this.server = createServer((request, response) => void this.serve(request, response));
    this.sockets = new WebSocketServer({ noServer: true });
    this.server.on("upgrade", (request, socket, head) => this.upgrade(request, socket, head));
  }

  listen(port) {
    return new Promise((done) => this.server.listen(port, "127.0.0.1", () => done(`http://127.0.0.1:${this.server.address().port}`)));
  }

  close() {
    this.world.stop();
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }

  user(name) {
    const agent = this.world.agents.get(name);
    const others = { admin: ["管理员", "admin"], 1000: ["周班长", "supervisor"], quality: ["质检员", "quality"], auditor: ["审计员", "auditor"] };
    const [shown, role] = agent ? [agent.name, "agent"] : (others[name] ?? []);
    return role && { username: name, name: shown, roles: [role], agent: agent ? name : null, timezone: this.timezone };
  }

  userOf(request) {
    const cookie = new RegExp(`${COOKIE}=([\\w-]+)`).exec(request.headers.cookie ?? "")?.[1];
    return this.sessions.get(cookie);
  }

  async serve(request, response) {
    const url = new URL(request.url, "http://mock");
    try {
      if (url.pathname.startsWith("/mock/")) return await this.steer(url, request, response);
      if (!url.pathname.startsWith("/api/v1/")) return this.file(url.pathname, response);
      if (this.down) return request.socket.destroy();
      if (this.slowMs > 0) await new Promise((done) => setTimeout(done, this.slowMs));
      if (this.failing && url.pathname.startsWith(this.failing.path)) throw new Refusal(this.failing.status, this.failing.code, "broken");
      const body = await read(request);
      await this.api(request.method, url.pathname.slice("/api/v1".length), url.searchParams, body, request, response);
    } catch (cause) {
      // The page went away in the middle of its request.
      if (cause.code === "ECONNRESET") return;
      if (!(cause instanceof Refusal)) console.error(cause);
      const refusal = cause instanceof Refusal ? cause : new Refusal(500, "internal", "broken");
      const words = WORDS[refusal.words] ?? WORDS.refused;
      const title = words[request.headers["accept-language"]?.startsWith("en") ? 1 : 0];
      json(response, refusal.status, { type: "about:blank", title, status: refusal.status, code: refusal.code, ...refusal.more }, "application/problem+json");
    }
  }

  async api(method, path, query, body, request, response) {
    if (method === "POST" && path === "/sessions") return this.logIn(body, response);
    const user = this.userOf(request);
    if (!user) throw new Refusal(401, "unauthenticated", "unauthenticated");
    if (path === "/sessions/current") {
      if (method === "GET") return json(response, 200, user);
      response.setHeader("Set-Cookie", `${COOKIE}=; Path=/; Max-Age=0`);
      return empty(response, 204);
    }
    const [, noun, id, act] = path.split("/").map(decodeURIComponent);
    const route = `${method} ${noun}${id ? " id" : ""}${act ? ` ${act}` : ""}`;
    const boss = user.roles.some((role) => role === "supervisor" || role === "admin");
    const needs = (allowed) => {
      if (!allowed) throw new Refusal(403, "forbidden", "forbidden");
    };
    switch (route) {
      case "GET agents":
        needs(boss);
        return json(response, 200, { items: [...this.world.agents.values()], next_cursor: null });
      case "GET agents id": {
        needs(boss || user.agent === id);
        const { agent, name, queues } = this.world.agents.get(id) ?? {};
        return json(response, 200, { agent, name, queues, extension_default: `8${id.slice(1)}` });
      }
      case "GET extensions":
        needs(boss);
        return json(response, 200, { items: this.extensions(), next_cursor: null });
      case "POST agents id state":
      case "POST agents id answer":
      case "POST agents id hang_up":
        needs(boss || user.agent === id);
        return this.order(act, id, body, response);
      case "GET calls":
        return json(response, 200, { items: [...this.world.calls.values()].map((call) => this.world.callLive(call)), next_cursor: null });
      case "POST calls id end":
        needs(boss);
        return this.endCall(id, response);
      case "GET records":
        return json(response, 200, this.page(this.filtered(query, user), query));
      case "GET records id":
        if (id === "refused") {
          needs(boss);
          return json(response, 200, this.page(this.world.records.filter((record) => record.state === "refused"), query));
        }
        return json(response, 200, this.record(id));
      case "GET recordings id":
      case "GET recordings id audio":
      case "GET recordings id peaks":
        return this.recording(id, act, query, request, response);
      default:
        throw new Refusal(404, "not_found", "not_found");
    }
  }

  logIn({ username, password }, response) {
    const user = this.user(username);
    if (!user || password !== "demo") {
      this.fails += 1;
      if (this.fails >= 10) throw new Refusal(429, "locked", "locked", { retry_after_s: 272 });
      throw new Refusal(401, "wrong_login", "wrong");
    }
    this.fails = 0;
    const token = crypto.randomUUID();
    this.sessions.set(token, user);
    response.setHeader("Set-Cookie", `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax`);
    json(response, 201, { token, expires: Date.now() + 36_000_000, user });
  }

  extensions() {
    return Array.from({ length: 10 }, (_, index) => ({ extension: String(8001 + index), display_name: `分机 ${8001 + index}`, registered: index !== 8, contact: null, user_agent: null }));
  }

  order(act, id, body, response) {
    if (this.mode === "refuse") throw new Refusal(409, "phone_cannot_answer", "refused");
    if (this.mode === "silent") return empty(response, 202);
    const agent = this.world.agents.get(id);
    const call = this.world.calls.get(agent?.call);
    let refusal;
    if (act === "state") refusal = this.world.ask(id, body);
    else if (act === "answer") refusal = agent?.state === "offered" ? this.world.answer(call) : "nothing_ringing";
    else if (agent?.state === "offered") refusal = this.world.offerEnds(call, "declined");
    else refusal = call ? this.world.over(call, "agent_answered", "agent") : "no_call";
    if (refusal) throw new Refusal(409, refusal, "refused");
    return empty(response, 202);
  }

  endCall(id, response) {
    const call = this.world.calls.get(id);
    if (!call) throw new Refusal(404, "not_found", "not_found");
    if (this.mode === "refuse") throw new Refusal(409, "no_call", "refused");
    if (this.mode === "normal") this.world.over(call, call.phase === "talking" ? "agent_answered" : "in_ivr", "system");
    return empty(response, 202);
  }

  filtered(query, user) {
    const wants = (name, matches) => (query.get(name) ? matches(query.get(name)) : true);
    return this.world.records.filter((record) =>
      (!user.roles.includes("agent") || record.agent === user.agent) &&
      wants("from", (from) => record.arrived >= Number(from)) &&
      wants("to", (to) => record.arrived < Number(to)) &&
      wants("number", (number) => record.caller === number || record.called === number) &&
      wants("q", (start) => record.caller.startsWith(start) || record.called.startsWith(start)) &&
      wants("agent", (agent) => record.agent === agent) &&
      wants("queue", (queue) => record.queue === queue) &&
      wants("state", (state) => record.state === state) &&
      wants("direction", (direction) => record.direction === direction));
  }

  page(records, query) {
    const limit = Math.min(PAGE_MAX, Number(query.get("limit")) || PAGE_DEFAULT);
    const after = query.get("cursor");
    const start = after ? records.findIndex((record) => record.call === after) + 1 : 0;
    const items = records.slice(start, start + limit);
    return { items, next_cursor: start + limit < records.length ? (items.at(-1)?.call ?? null) : null };
  }

  record(id) {
    const record = this.world.records.find((candidate) => candidate.call === id);
    if (!record) throw new Refusal(404, "not_found", "not_found");
    return record;
  }

  recording(id, act, query, request, response) {
    const record = this.world.records.find((candidate) => candidate.recordings.some((entry) => entry.recording === id));
    const entry = record?.recordings.find((candidate) => candidate.recording === id);
    if (!entry) throw new Refusal(404, "not_found", "not_found");
    const duration = Math.min(AUDIO_MS_MAX, (entry.stopped ?? record.ended) - entry.started);
    const channels = entry.purpose === "message" ? 1 : 2;
    if (act === "peaks") return json(response, 200, peaks(duration, Number(query.get("points")) || 1_000, channels));
    if (!act) return json(response, 200, { ...entry, call: record.call, duration_ms: duration, channels, pieces: [], complete: entry.stopped !== null });
    return bytes(wav(duration, channels), request, response);
  }

  upgrade(request, socket, head) {
    const url = new URL(request.url, "http://mock");
    const user = this.userOf(request);
    const sameOrigin = request.headers.origin === `http://${request.headers.host}`;
    if (this.down || url.pathname !== "/api/v1/live" || !user || !sameOrigin) {
      socket.end(`HTTP/1.1 ${this.down ? 503 : 403} Refused\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (opened) => this.join(opened, user, url.searchParams.get("cursor")));
  }

  join(socket, user, cursor) {
    const all = !user.roles.includes("agent");
    const calls = new Set();
    const own = () => this.world.agents.get(user.agent);
    const reader = {
      all, agent: user.agent, calls,
      sees: (agent) => all || agent === user.agent,
      seesQueue: (queue) => all || own().queues.includes(queue),
      seesCall: (call) => {
        const mine = all || call.agent === user.agent || call.offered?.agent === user.agent;
        if (mine) calls.add(call.call);
        return mine || calls.has(call.call);
      },
      send: (frame) => socket.send(JSON.stringify(frame)),
    };
    socket.on("close", () => this.world.readers.delete(reader));
    this.world.join(reader, cursor);
  }

  /** The strings a test pulls. */
  async steer(url, request, response) {
    const body = await read(request);
    const { world } = this;
    let answer = {};
    switch (url.pathname.slice("/mock/".length)) {
      case "ring": {
        for (const agent of world.agents.values()) if (agent.agent !== body.agent && agent.state === "ready") world.setAgent(agent.agent, { state: "not_ready", reason: "lunch" });
        const call = world.arrive({ caller: body.caller ?? "13800138000", key: "1", ivrMs: 0 });
        call.arrived -= 60_000;
        answer = { call: call.call };
        break;
      }
      case "caller-leaves": {
        const call = world.calls.get(body.call);
        if (call) world.over(call, call.phase === "talking" ? "agent_answered" : "queue_abandoned", "caller");
        break;
      }
      case "arrive":
        answer = { call: world.arrive(body).call };
        break;
      case "refuse":
        answer = world.refuse(body);
        break;
      case "agent":
        world.setAgent(body.agent, body.fields);
        break;
      case "mode":
        this.mode = body.mode;
        break;
      case "fail":
        this.failing = body.path ? body : undefined;
        break;
      case "timezone":
        this.timezone = body.timezone;
        break;
      case "slow":
        this.slowMs = body.ms;
        break;
      case "down":
        this.down = body.down;
        if (this.down) for (const socket of this.sockets.clients) socket.terminate();
        break;
      case "restart":
        world.stop();
        for (const socket of this.sockets.clients) socket.terminate();
        this.world = new World({ ...this.worldOptions, ...body });
        this.mode = "normal";
        this.failing = undefined;
        this.slowMs = 0;
        this.down = false;
        this.fails = 0;
        this.timezone = TIMEZONE_DEFAULT;
        break;
      default:
        return json(response, 404, {});
    }
    return json(response, 200, answer);
  }

  file(path, response) {
    if (!this.dist) return json(response, 404, {});
    const wanted = join(this.dist, normalize(path));
    const isFile = wanted.startsWith(this.dist) && existsSync(wanted) && statSync(wanted).isFile();
    const found = isFile ? wanted : join(this.dist, "index.html");
    response.writeHead(200, { "Content-Type": TYPES[extname(found)] ?? "application/octet-stream", "Content-Security-Policy": POLICY });
    createReadStream(found).pipe(response);
  }
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

function json(response, status, value, type = "application/json") {
  response.writeHead(status, { "Content-Type": type });
  response.end(JSON.stringify(value));
}

function empty(response, status) {
  response.writeHead(status);
  response.end();
}

function bytes(file, request, response) {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const from = range ? Number(range[1]) : 0;
  const to = range?.[2] ? Math.min(Number(range[2]), file.length - 1) : file.length - 1;
  const head = { "Content-Type": "audio/wav", "Accept-Ranges": "bytes", "Content-Length": to - from + 1 };
  if (range) head["Content-Range"] = `bytes ${from}-${to}/${file.length}`;
  response.writeHead(range ? 206 : 200, head);
  response.end(file.subarray(from, to + 1));
}

function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const mock = new Mock({ dist: option("dist"), lively: !process.argv.includes("--still") });
  console.log(await mock.listen(Number(option("port") ?? 0)));
}
