// The real binary on ports of its own with the demo site, and phones on its command line.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const BINARY = resolve(process.env["STROWGER_BIN"] ?? join(import.meta.dirname, "../../../../target/ci/strowger"));
/** Debug builds on a busy machine take some seconds to migrate their tables. */
const START_MS_MAX = 15_000;
const STOP_MS_MAX = 5_000;
const EVENT_MS_MAX = 15_000;

// Blocks of ports as the black box of tests/ claims them, so that both may run at once: a block is whose listens on its
// first port; the sound of the server has those from the 100th on. HTTP and SIP take what the system gives.
const PORT_FIRST = 20_000;
const PORT_LAST = 32_000;
const PORTS_PER_BLOCK = 300;
const MEDIA_FROM = 100;

function listens(port: number): Promise<Server | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(undefined));
    server.listen(port, "127.0.0.1", () => done(server));
  });
}

async function claimBlock(): Promise<{ claim: Server; base: number }> {
  const blocks = Math.floor((PORT_LAST - PORT_FIRST) / PORTS_PER_BLOCK);
  for (let n = 0; n < blocks; n += 1) {
    const base = PORT_FIRST + ((process.pid + n) % blocks) * PORTS_PER_BLOCK;
    const claim = await listens(base);
    if (claim) return { claim, base };
  }
  throw new Error("all blocks of ports are taken");
}

/** Resolves with what `line` makes of the first line it likes; rejects with all that was said when the process ends or is too slow. */
function firstLine<Found>(child: ChildProcess, what: string, ms: number, line: (said: string) => Found | undefined): Promise<Found> {
  return new Promise((found, failed) => {
    const said: string[] = [];
    const fail = (why: string) => failed(new Error(`${what}: ${why}; it said:\n${said.join("\n")}`));
    const timer = setTimeout(() => fail(`not within ${ms} ms`), ms);
    const read = (text: string) => {
      said.push(text);
      const value = line(text);
      if (value === undefined) return;
      clearTimeout(timer);
      found(value);
    };
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on("line", read);
    child.once("error", (cause) => fail(cause.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
}

function over(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) done();
    else child.once("exit", () => done());
  });
}

/** Without settings of an exchange, among which the binary would refuse STROWGER_BIN as unknown. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STROWGER_")));
}

export class Exchange {
  private readonly phones: Phone[] = [];

  private constructor(
    /** Of the console, such as `http://127.0.0.1:40199`. */
    readonly origin: string,
    /** HOST:PORT for phones. */
    readonly sip: string,
    private readonly child: ChildProcess,
    private readonly claim: Server,
    private readonly data: string,
  ) {}

  static async start(): Promise<Exchange> {
    const { claim, base } = await claimBlock();
    const data = mkdtempSync(join(tmpdir(), "console-real-"));
    const any = "127.0.0.1:0";
    const child = spawn(BINARY, ["serve", "--demo", "--data", data], {
      cwd: data,
      env: {
        ...foreignEnvironment(), STROWGER_HTTP_BIND: any, STROWGER_SIP_UDP: any, STROWGER_SIP_TCP: any,
        STROWGER_MEDIA_PORTS: `${base + MEDIA_FROM}-${base + PORTS_PER_BLOCK - 1}`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let origin = "";
    const sip = await firstLine(child, BINARY, START_MS_MAX, (line) => {
      origin = /Console\s+(http:\S+[^/\s])/.exec(line)?.[1] ?? origin;
      return /SIP\s+(\S+:\d+)/.exec(line)?.[1];
    });
    return new Exchange(origin, sip, child, claim, data);
  }

  /** A phone of this extension that registers and rings; it answers when it is told to. */
  async phone(extension: string, tone: number): Promise<Phone> {
    const phone = new Phone(["--register", `${extension}:demo-${extension}`, "--server", this.sip, "--tone", String(tone)]);
    this.phones.push(phone);
    await phone.event("registered");
    return phone;
  }

  /** A customer's phone that dials `number`. */
  dial(number: string, from: string, ...more: string[]): Phone {
    const phone = new Phone([`sip:${number}@${this.sip}`, "--from", from, ...more]);
    this.phones.push(phone);
    return phone;
  }

  async stop(): Promise<void> {
    for (const phone of this.phones) phone.hangUp();
    await Promise.all(this.phones.map((phone) => phone.gone()));
    // A clean end hangs on no call; one that is stuck must not outlive the test.
    this.child.kill("SIGTERM");
    const stuck = setTimeout(() => this.child.kill("SIGKILL"), STOP_MS_MAX);
    await over(this.child);
    clearTimeout(stuck);
    this.claim.close();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** One line of `strowger call --json`. */
export interface PhoneEvent {
  event: string;
  tones_hz?: number[];
  status?: number;
  by?: string;
}

export class Phone {
  private readonly child: ChildProcess;
  private readonly events: PhoneEvent[] = [];
  private readonly readers = new Set<() => void>();

  constructor(args: string[]) {
    this.child = spawn(BINARY, ["call", "--json", ...args], { stdio: ["ignore", "pipe", "inherit"] });
    if (!this.child.stdout) throw new Error("a phone without output");
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.events.push(JSON.parse(line) as PhoneEvent);
      for (const read of this.readers) read();
    });
  }

  /** The first event of this name, past or coming, that `is` as wanted. */
  event(name: string, is: (event: PhoneEvent) => boolean = () => true): Promise<PhoneEvent> {
    return new Promise((found, failed) => {
      const stop = () => {
        clearTimeout(timer);
        this.readers.delete(read);
      };
      const timer = setTimeout(() => {
        stop();
        failed(new Error(`no "${name}" of the phone within ${EVENT_MS_MAX} ms, but ${JSON.stringify(this.events)}`));
      }, EVENT_MS_MAX);
      const read = () => {
        const event = this.events.find((one) => one.event === name && is(one));
        if (!event) return;
        stop();
        found(event);
      };
      this.readers.add(read);
      read();
    });
  }

  /** A second in which this tone was heard. Tones are told to the nearest 10 Hz. */
  hears(tone: number): Promise<PhoneEvent> {
    return this.event("heard", (event) => event.tones_hz?.some((heard) => Math.abs(heard - tone) <= 10) ?? false);
  }

  hangUp(): void {
    this.child.kill("SIGINT");
  }

  gone(): Promise<void> {
    return over(this.child);
  }
}
