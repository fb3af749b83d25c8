// A made-up site that lives: calls arrive, wait, ring and are answered. Stands in for the exchange in development and
// in tests; decides nothing the exchange should.
import { CALLERS, emptyRecord, end, history, NUMBER, seeded, uuid } from "./history.mjs";

const NAMES = ["陈晓", "刘洋", "孙莉", "胡明", "郭静", "何伟", "林芳", "赵强", "黄敏", "吴昊"];
const QUEUES = [
  { queue: "sales", number: "601", name_zh: "销售", name_en: "Sales" },
  { queue: "support", number: "602", name_zh: "客户服务", name_en: "Support" },
];
const RING_MS = 20_000;
const WRAP_UP_MS = 30_000;
const BATCH_MS = 50;
/** Frames kept for readers that come back. */
const KEPT_FRAMES = 2_000;

export class World {
  constructor({ agents = 10, records = 300, lively = true } = {}) {
    this.random = seeded(7);
    this.lively = lively;
    this.seq = 0;
    this.kept = [];
    this.readers = new Set();
    this.batch = { facts: [], agents: new Set(), queues: new Set(), calls: new Set(), over: [], refused: [] };
    this.timers = new Set();
    this.calls = new Map();
    this.refused = [];
    const now = Date.now();
    this.queues = new Map(QUEUES.map((queue) => [queue.queue, { ...queue, offered_today: 0, answered_today: 0, abandoned_today: 0, answered_in_20s_today: 0 }]));
    this.agents = new Map(Array.from({ length: agents }, (_, index) => this.bornAgent(index, now)).map((agent) => [agent.agent, agent]));
    this.records = history(now, records, [...this.agents.keys()].slice(0, 10));
    for (const record of this.records) this.count(record, now);
    if (lively) this.every(1_000, () => this.live());
    this.every(1_000, () => this.send({ type: "heartbeat" }));
  }

  bornAgent(index, now) {
    const agent = String(1001 + index);
    const states = [["logged_out"], ["ready"], ["not_ready", "lunch"], ["ready"], ["ready"], ["not_ready", "体检"], ["ready"], ["logged_out"], ["not_ready", "unreachable"], ["ready"]];
    const [state, reason = null] = states[index % 10];
    return {
      agent, name: NAMES[index % 10], state, reason, call: null, left_ms: null,
      extension: state === "logged_out" ? null : `8${agent.slice(1)}`,
      phone_registered: index % 10 !== 8, queues: index % 3 === 2 ? ["support"] : ["sales", "support"],
      since: now - this.random.whole(20_000, 900_000), pending: null,
    };
  }

  count(record, now) {
    const queue = this.queues.get(record.queue);
    if (!queue || new Date(record.arrived).toDateString() !== new Date(now).toDateString()) return;
    queue.offered_today += 1;
    if (record.joined !== null) queue.answered_today += 1;
    if (record.joined !== null && record.waited_ms <= 20_000) queue.answered_in_20s_today += 1;
    if (record.state === "queue_abandoned") queue.abandoned_today += 1;
  }

  every(ms, act) {
    this.timers.add(setInterval(act, ms));
  }

  after(ms, act) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
    return timer;
  }

  stop() {
    for (const timer of this.timers) clearInterval(timer);
  }

  // ---- what readers are sent

  queueLive(queue) {
    const serving = [...this.agents.values()].filter((agent) => agent.queues.includes(queue.queue));
    const of = (state) => serving.filter((agent) => agent.state === state).length;
    const waiting = [...this.calls.values()].filter((call) => call.queue === queue.queue && (call.phase === "queued" || call.phase === "ringing"));
    return {
      ...queue, waiting: waiting.length, longest_since: waiting.length ? Math.min(...waiting.map((call) => call.queued)) : null,
      logged_in: serving.length - of("logged_out"), ready: of("ready"), offered: of("offered"), talking: of("talking"), wrap_up: of("wrap_up"), not_ready: of("not_ready"),
    };
  }

  callLive(call) {
    const { record: _, timers: __, ...live } = call;
    return live;
  }

  snapshot(reader) {
    const agents = [...this.agents.values()].filter((agent) => reader.sees(agent.agent));
    return {
      agents,
      queues: [...this.queues.values()].map((queue) => this.queueLive(queue)).filter((queue) => reader.seesQueue(queue.queue)),
      calls: [...this.calls.values()].filter((call) => reader.seesCall(call)).map((call) => this.callLive(call)),
      refused: reader.all ? this.refused.slice(0, 50) : [],
    };
  }

  frameFor(reader, frame) {
    if (frame.type !== "facts" || reader.all) return frame;
    const { changed } = frame;
    return {
      ...frame,
      facts: frame.facts.filter((fact) => fact.agent === reader.agent || reader.calls.has(fact.call)),
      changed: {
        ...changed, refused: [], agents: changed.agents.filter((agent) => reader.sees(agent.agent)),
        calls: changed.calls.filter((call) => reader.seesCall(call)), queues: changed.queues.filter((queue) => reader.seesQueue(queue.queue)),
      },
    };
  }

  send(frame) {
    const whole = { ...frame, cursor: String(this.seq), now: Date.now() };
    if (frame.type === "facts") {
      this.kept.push(whole);
      if (this.kept.length > KEPT_FRAMES) this.kept.shift();
    }
    for (const reader of this.readers) reader.send(this.frameFor(reader, whole));
  }

  /** Joins a reader: resumed after its cursor, or from a snapshot. */
  join(reader, cursor) {
    this.flush();
    this.readers.add(reader);
    const first = this.kept[0];
    const from = Number(cursor);
    if (cursor && Number.isFinite(from) && first && from >= Number(first.cursor) - first.facts.length && from <= this.seq) {
      for (const frame of this.kept) if (Number(frame.cursor) > from) reader.send(this.frameFor(reader, frame));
      reader.send({ type: "heartbeat", cursor: String(this.seq), now: Date.now() });
    } else {
      reader.send({ type: "reset", cursor: String(this.seq), now: Date.now(), snapshot: this.snapshot(reader) });
    }
  }

  changed() {
    if (this.flushing) return;
    this.flushing = this.after(BATCH_MS, () => this.flush());
  }

  flush() {
    if (!this.flushing) return;
    clearTimeout(this.flushing);
    this.flushing = undefined;
    const { facts, agents, calls, over, refused } = this.batch;
    this.batch = { facts: [], agents: new Set(), queues: new Set(), calls: new Set(), over: [], refused: [] };
    this.send({
      type: "facts", facts,
      changed: {
        agents: [...agents].map((agent) => ({ ...this.agents.get(agent) })),
        queues: [...this.queues.values()].map((queue) => this.queueLive(queue)),
        calls: [...calls].filter((call) => this.calls.has(call)).map((call) => this.callLive(this.calls.get(call))),
        calls_over: over, refused,
      },
    });
  }

  fact(type, fields) {
    this.seq += 1;
    this.batch.facts.push({ seq: this.seq, at: Date.now(), type, ...fields });
    this.changed();
  }

  setAgent(id, fields) {
    const agent = Object.assign(this.agents.get(id), { reason: null, call: null, left_ms: null, since: Date.now() }, fields);
    this.batch.agents.add(id);
    this.fact("agent_changed", { agent: id, extension: agent.extension, queues: agent.queues, state: agent.state, pending: agent.pending });
  }

  setCall(call, fields) {
    Object.assign(call, fields);
    this.batch.calls.add(call.call);
    this.changed();
  }

  // ---- what happens

  refuse(fields = {}) {
    const at = Date.now();
    const refused = { call: uuid(this.random, at), at, caller: this.random.pick(CALLERS), called: "4008009999", source: "203.0.113.7:5060", status: 404, reason: "number_unbound", ...fields };
    this.refused.unshift(refused);
    const record = emptyRecord(refused.call, at, refused.caller, refused.called);
    Object.assign(record, { status: refused.status, reason: refused.reason, source: refused.source });
    this.records.unshift(end(record, "refused", "system", at));
    this.batch.refused.push(refused);
    this.fact("call_refused", refused);
    return refused;
  }

  arrive({ caller = this.random.pick(CALLERS), key = this.random.pick(["1", "2"]), ivrMs = 3_000 } = {}) {
    const at = Date.now();
    const record = emptyRecord(uuid(this.random, at), at, caller, NUMBER);
    Object.assign(record, { flow: "welcome", flow_version: 3, answered: at, path: [{ node: "menu", at, outcome: null }] });
    const call = {
      call: record.call, direction: "inbound", caller, called: NUMBER, arrived: at, answered: at, phase: "ivr", node: "menu", flow: "welcome",
      digits: "", queue: null, queued: null, place: null, agent: null, extension: null, offered: null, joined: null, recording: false, record, timers: [],
    };
    this.calls.set(call.call, call);
    this.setCall(call, {});
    this.fact("call_opened", { call: call.call, direction: "inbound", caller, called: NUMBER });
    this.after(ivrMs, () => this.queue(call, key));
    return call;
  }

  queue(call, key) {
    if (!this.calls.has(call.call)) return;
    const at = Date.now();
    const queue = key === "1" ? "sales" : "support";
    Object.assign(call.record, { digits: key, queued: at, queue });
    call.record.path.at(-1).outcome = key;
    call.record.path.push({ node: queue, at, outcome: null });
    this.queues.get(queue).offered_today += 1;
    this.setCall(call, { phase: "queued", node: queue, digits: key, queue, queued: at });
    this.fact("queued", { call: call.call, queue, enqueued: at });
    this.place(queue);
    this.assign();
    if (this.lively) this.after(this.random.whole(40_000, 160_000), () => ["queued", "ringing"].includes(call.phase) && this.over(call, "queue_abandoned", "caller"));
  }

  waiting(queue) {
    return [...this.calls.values()].filter((call) => call.queue === queue && (call.phase === "queued" || call.phase === "ringing")).sort((a, b) => a.queued - b.queued);
  }

  place(queue) {
    this.waiting(queue).forEach((call, index) => {
      if (call.place !== index + 1) this.setCall(call, { place: index + 1 });
    });
  }

  assign() {
    for (const queue of this.queues.keys()) {
      for (const call of this.waiting(queue)) {
        if (call.phase !== "queued") continue;
        const tried = call.record.offers.map((offer) => offer.agent);
        const free = [...this.agents.values()].filter((agent) => agent.queues.includes(queue) && agent.state === "ready" && agent.phone_registered && !tried.includes(agent.agent)).sort((a, b) => a.since - b.since);
        if (free[0]) this.offer(call, free[0]);
      }
    }
  }

  reasonFor(call, chosen) {
    const now = Date.now();
    const tried = call.record.offers.map((offer) => offer.agent);
    const passed = (agent) => {
      if (tried.includes(agent.agent)) return { why: "already_tried" };
      if (agent.state === "not_ready") return { why: "not_ready", reason: agent.reason };
      if (agent.state !== "ready") return { why: agent.state };
      return { why: agent.phone_registered ? "idle_shorter" : "unreachable" };
    };
    const others = [...this.agents.values()].filter((agent) => agent !== chosen && agent.queues.includes(call.queue) && agent.state !== "logged_out");
    // As the server: the first are named, the rest counted.
    const [named, counted] = [others.slice(0, 15), {}];
    for (const agent of others.slice(15)) counted[passed(agent).why] = (counted[passed(agent).why] ?? 0) + 1;
    return {
      queue: call.queue, strategy: "longest_idle", place: call.place ?? 1, waited_ms: now - call.queued,
      candidates: [
        { agent: chosen.agent, idle_ms: now - chosen.since, passed_over: null },
        ...named.map((agent) => ({ agent: agent.agent, idle_ms: agent.state === "ready" ? now - agent.since : null, passed_over: passed(agent) })),
      ],
      others: counted,
    };
  }

  offer(call, agent) {
    const since = Date.now();
    const reason = this.reasonFor(call, agent);
    call.record.offers.push({ agent: agent.agent, extension: agent.extension, offered: since, rang: since + 40, ended: null, end: null, reason });
    call.record.ringing ??= since + 40;
    this.setCall(call, { phase: "ringing", offered: { agent: agent.agent, since, ring_until: since + RING_MS, reason } });
    this.fact("agent_offered", { call: call.call, agent: agent.agent, extension: agent.extension, reason });
    this.setAgent(agent.agent, { state: "offered", call: call.call });
    call.timers.push(this.after(RING_MS, () => this.offerEnds(call, "no_answer")));
    if (this.lively && agent.agent !== "1001") call.timers.push(this.after(this.random.whole(1_500, 7_000), () => this.answer(call)));
  }

  clearTimers(call) {
    for (const timer of call.timers.splice(0)) clearTimeout(timer);
  }

  offerEnds(call, how) {
    const offered = call.offered;
    if (!offered) return;
    this.clearTimers(call);
    Object.assign(call.record.offers.at(-1), { ended: Date.now(), end: how });
    this.fact("offer_ended", { call: call.call, agent: offered.agent, end: how });
    this.setCall(call, { phase: "queued", offered: null });
    this.setAgent(offered.agent, how === "no_answer" ? { state: "not_ready", reason: "no_answer" } : { state: "ready" });
    this.assign();
  }

  answer(call) {
    const offered = call.offered;
    if (!offered) return;
    this.clearTimers(call);
    const at = Date.now();
    const agent = this.agents.get(offered.agent);
    Object.assign(call.record.offers.at(-1), { ended: at, end: "answered" });
    const queue = this.queues.get(call.queue);
    queue.answered_today += 1;
    if (at - call.queued <= 20_000) queue.answered_in_20s_today += 1;
    Object.assign(call.record, { joined: at, agent: agent.agent, agent_extension: agent.extension, waited_ms: at - call.queued, queue_exit: "answered" });
    call.record.path.at(-1).outcome = "answered";
    call.record.recordings.push({ recording: uuid(this.random, at), purpose: "conversation", started: at, stopped: null });
    this.fact("offer_ended", { call: call.call, agent: agent.agent, end: "answered" });
    this.fact("joined", { call: call.call, agent: agent.agent, extension: agent.extension });
    this.setCall(call, { phase: "talking", joined: at, agent: agent.agent, extension: agent.extension, offered: null, place: null, recording: true });
    this.setAgent(agent.agent, { state: "talking", call: call.call });
    this.place(call.queue);
    if (this.lively && agent.agent !== "1001") call.timers.push(this.after(this.random.whole(8_000, 60_000), () => this.over(call, "agent_answered", "caller")));
  }

  over(call, state, by) {
    if (!this.calls.has(call.call)) return;
    this.clearTimers(call);
    const at = Date.now();
    const { record } = call;
    if (call.offered) {
      const offered = call.offered;
      Object.assign(record.offers.at(-1), { ended: at, end: "withdrawn" });
      this.fact("offer_ended", { call: call.call, agent: offered.agent, end: "withdrawn" });
      this.setAgent(offered.agent, { state: "ready" });
    }
    if (call.phase === "talking") {
      Object.assign(record, { parted: at, talked_ms: at - record.joined });
      record.recordings[0].stopped = at;
      this.fact("parted", { call: call.call, agent: call.agent });
      this.wrapUp(call);
    } else if (call.queued) {
      Object.assign(record, { waited_ms: at - call.queued, queue_exit: "abandoned" });
      this.queues.get(call.queue).abandoned_today += 1;
    }
    this.records.unshift(end(record, state, by, at));
    this.fact("call_ended", { call: call.call, state, by });
    this.calls.delete(call.call);
    this.batch.over.push(call.call);
    if (call.queue) this.place(call.queue);
  }

  wrapUp(call) {
    const agent = call.agent;
    this.setAgent(agent, { state: "wrap_up", call: call.call, left_ms: WRAP_UP_MS });
    this.after(agent === "1001" || !this.lively ? WRAP_UP_MS : this.random.whole(4_000, 20_000), () => this.agents.get(agent).call === call.call && this.next(agent));
  }

  next(id) {
    const { pending } = this.agents.get(id);
    const state = pending?.next ?? "ready";
    this.setAgent(id, { state, reason: pending?.reason ?? null, pending: null, extension: state === "logged_out" ? null : this.agents.get(id).extension });
    this.assign();
  }

  /** A request about an agent's state; answers with a refusal code, or nothing. */
  ask(id, request) {
    const agent = this.agents.get(id);
    if (!agent) return "unknown_agent";
    if (request.ask === "log_in") return this.logIn(agent, request);
    if (agent.state === "logged_out") return "not_logged_in";
    const busy = ["offered", "talking", "wrap_up"].includes(agent.state);
    switch (request.ask) {
      case "ready":
        return this.enter(agent, busy, { next: "ready" });
      case "not_ready":
        return this.enter(agent, busy, { next: "not_ready", reason: request.reason });
      case "log_out":
        return this.enter(agent, busy, { next: "logged_out" });
      case "finish_wrap_up":
        if (agent.state !== "wrap_up") return "no_wrap_up";
        this.next(id);
        return undefined;
      case "withdraw_pending":
        if (!agent.pending) return "nothing_pending";
        agent.pending = null;
        this.batch.agents.add(id);
        this.changed();
        return undefined;
      default:
        return "unknown_request";
    }
  }

  logIn(agent, { extension, queues, ready }) {
    if (agent.state !== "logged_out") return agent.extension === extension ? undefined : "logged_in_elsewhere";
    if ([...this.agents.values()].some((other) => other !== agent && other.extension === extension && other.state !== "logged_out")) return "extension_taken";
    if (queues.some((queue) => !agent.queues.includes(queue))) return "queue_not_allowed";
    this.setAgent(agent.agent, { state: ready ? "ready" : "not_ready", reason: ready ? null : "logged_in", extension });
    this.assign();
    return undefined;
  }

  enter(agent, busy, pending) {
    agent.pending = pending;
    if (busy) {
      this.batch.agents.add(agent.agent);
      this.changed();
    } else {
      this.next(agent.agent);
    }
    return undefined;
  }

  live() {
    if (this.random.next() < 0.22 && this.calls.size < 14) this.arrive({ ivrMs: this.random.whole(2_000, 9_000) });
    if (this.random.next() < 0.02) this.refuse({ reason: this.random.pick(["number_unbound", "extension_unknown", "media"]) });
    for (const agent of this.agents.values()) {
      const away = agent.agent !== "1001" && agent.state === "not_ready" && this.random.next() < 0.01;
      if (away) this.ask(agent.agent, { ask: "ready" });
    }
  }
}
