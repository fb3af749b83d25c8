// Made-up records of the last days, by a seed: the same ones at each start.

/** A small generator (mulberry32): the demo must look the same twice. */
export function seeded(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (from, to) => from + Math.floor(next() * (to - from + 1));
  return { next, whole, pick: (list) => list[whole(0, list.length - 1)] };
}

export function uuid(random, at) {
  const time = Math.max(0, at).toString(16).padStart(12, "0");
  const hex = (count) => Array.from({ length: count }, () => random.whole(0, 15).toString(16)).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(12)}`;
}

export const CALLERS = ["13800138000", "13911112222", "02161234567", "01088886666", "18612345678", "075512345678", "13700001111", "4006661234", "15988887777", "18900001234"];
export const NUMBER = "4008001000";

export function emptyRecord(call, at, caller, called) {
  return {
    call, direction: "inbound", caller, called, trunk: "loopback", extension: null, source: "127.0.0.1:5070",
    arrived: at, answered: null, queued: null, ringing: null, joined: null, parted: null, ended: at,
    flow: null, flow_version: null, path: [], digits: "", queue: null, queue_exit: null, waited_ms: 0, offers: [],
    agent: null, agent_extension: null, talked_ms: 0, recordings: [],
    state: "failed", state_number: 12, by: "system", status: null, reason: null,
  };
}

const STATE_NUMBERS = { ring_timeout: 1, agent_unreachable: 2, refused: 3, in_ivr: 7, agent_answered: 9, failed: 12, queue_abandoned: 13, extension_call: 15, voice_message: 16 };

export function end(record, state, by, at) {
  record.state = state;
  record.state_number = STATE_NUMBERS[state];
  record.by = by;
  record.ended = at;
  return record;
}

export function reason(random, queue, chosen, agents, waitedMs, tried = []) {
  const others = agents.filter((agent) => agent !== chosen && !tried.includes(agent));
  const verdicts = [{ why: "talking" }, { why: "wrap_up" }, { why: "not_ready", reason: "lunch" }, { why: "idle_shorter" }, { why: "unreachable" }, { why: "talking" }];
  const candidates = [{ agent: chosen, idle_ms: 250_000, passed_over: null }];
  for (const agent of tried) candidates.push({ agent, idle_ms: 1_000, passed_over: { why: "already_tried" } });
  for (const agent of others.slice(0, 5)) {
    const passed = random.pick(verdicts);
    candidates.push({ agent, idle_ms: passed.why === "idle_shorter" ? random.whole(1_000, 240_000) : null, passed_over: passed });
  }
  return { queue, strategy: "longest_idle", place: 1, waited_ms: waitedMs, candidates, others: {} };
}

function through(record, random, key) {
  record.flow = "welcome";
  record.flow_version = 3;
  record.answered = record.arrived + 80;
  record.digits = key;
  record.path = [
    { node: "answer", at: record.arrived + 80, outcome: "done" },
    { node: "welcome", at: record.arrived + 90, outcome: "done" },
    { node: "menu", at: record.arrived + 4_100, outcome: key || null },
  ];
  return record.arrived + 4_100 + random.whole(1_500, 9_000);
}

function queuedCall(random, at, agents) {
  const key = random.pick(["1", "2"]);
  const queue = key === "1" ? "sales" : "support";
  const record = emptyRecord(uuid(random, at), at, random.pick(CALLERS), NUMBER);
  const queued = through(record, random, key);
  record.queue = queue;
  record.queued = queued;
  record.path.push({ node: queue, at: queued, outcome: null });
  const fate = random.next();
  if (fate < 0.15) {
    record.waited_ms = random.whole(8_000, 150_000);
    record.queue_exit = "abandoned";
    return end(record, "queue_abandoned", "caller", queued + record.waited_ms);
  }
  let clock = queued + random.whole(0, 40_000);
  const tried = [];
  if (fate > 0.8) {
    const first = random.pick(agents);
    tried.push(first);
    record.offers.push({
      agent: first, extension: `8${first.slice(1)}`, offered: clock, rang: clock + 60, ended: clock + 20_000, end: "no_answer",
      reason: reason(random, queue, first, agents, clock - queued),
    });
    clock += 20_100;
  }
  const agent = random.pick(agents.filter((candidate) => !tried.includes(candidate)));
  const joined = clock + random.whole(2_000, 9_000);
  record.offers.push({
    agent, extension: `8${agent.slice(1)}`, offered: clock, rang: clock + 60, ended: joined, end: "answered",
    reason: reason(random, queue, agent, agents, clock - queued, tried),
  });
  const talked = random.whole(9_000, 420_000);
  Object.assign(record, {
    ringing: record.offers[0].offered + 60, joined, parted: joined + talked, waited_ms: joined - queued, queue_exit: "answered",
    agent, agent_extension: `8${agent.slice(1)}`, talked_ms: talked,
    recordings: [{ recording: uuid(random, joined), purpose: "conversation", started: joined, stopped: random.next() < 0.04 ? null : joined + talked }],
  });
  record.path.at(-1).outcome = "answered";
  return end(record, "agent_answered", random.pick(["caller", "caller", "agent"]), joined + talked);
}

function otherCall(random, at) {
  const kind = random.next();
  const record = emptyRecord(uuid(random, at), at, random.pick(CALLERS), NUMBER);
  if (kind < 0.3) {
    record.called = random.pick(["4008009999", "4008001001"]);
    Object.assign(record, { status: 404, reason: "number_unbound", source: "203.0.113.7:5060" });
    return end(record, "refused", "system", at + 3);
  }
  if (kind < 0.34) {
    const until = through(record, random, "1");
    Object.assign(record, { reason: "crash_talking" });
    return end(record, "failed", "crash", until);
  }
  if (kind < 0.6) {
    const until = through(record, random, "");
    record.path[2].outcome = null;
    return end(record, "in_ivr", "caller", until);
  }
  if (kind < 0.85) {
    const started = through(record, random, "3");
    const length = random.whole(4_000, 40_000);
    record.path.push({ node: "message", at: started, outcome: "saved" });
    record.recordings = [{ recording: uuid(random, started), purpose: "message", started, stopped: started + length }];
    return end(record, "voice_message", "caller", started + length);
  }
  const talked = random.whole(5_000, 90_000);
  Object.assign(record, {
    direction: "internal", caller: "8003", called: "8006", trunk: null, extension: "8003", answered: at + 6_000, joined: at + 6_000,
    parted: at + 6_000 + talked, talked_ms: talked, agent_extension: "8006",
  });
  return end(record, "extension_call", "caller", at + 6_000 + talked);
}

/** `count` records that ended before `now`, newest first. */
export function history(now, count, agents) {
  const random = seeded(1891);
  const records = [];
  let at = now - 600_000;
  for (let made = 0; made < count; made += 1) {
    at -= random.whole(20_000, 400_000);
    records.push(random.next() < 0.75 ? queuedCall(random, at, agents) : otherCall(random, at));
  }
  return records;
}
