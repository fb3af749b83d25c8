// Keeps the WebSocket of facts alive: resumes by cursor, backs off, and calls a silent line lost.
// Knows frames only as far as their cursor; what they mean is state.ts.
import type { LiveFrame } from "../api/types";

/** Pauses between attempts; each varied by 30 % so that a whole floor does not come back in one instant. */
export const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 10_000] as const;
const RETRY_SPREAD = 0.3;
/** The heartbeat comes each second: after three missed the line is dead, whatever the socket says. */
export const SILENCE_MS_MAX = 3_000;

export type LineState =
  /** The first connection is being made. */
  | { phase: "connecting" }
  | { phase: "up" }
  /** Lost at this monotonic moment. */
  | { phase: "lost"; since: number };

/** What is left of a WebSocket once it is open; tests bring their own. */
export interface Socket {
  close(): void;
}

export interface Surroundings {
  /** Opens a socket; `message` and `closed` are called for as long as it lives. */
  open(cursor: string | undefined, message: (text: string) => void, closed: () => void): Socket;
  frame(frame: LiveFrame): void;
  line(state: LineState): void;
  monotonicNow(): number;
  random(): number;
}

export class Connection {
  private socket: Socket | undefined;
  private cursor: string | undefined;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private state: LineState = { phase: "connecting" };
  private readonly around: Surroundings;

  constructor(around: Surroundings) {
    this.around = around;
  }

  start(): void {
    this.connect();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.drop();
  }

  /** Forgets the cursor and asks for the whole picture: what "check" on an unconfirmed command does. */
  refresh(): void {
    this.cursor = undefined;
    this.attempt = 0;
    clearTimeout(this.timer);
    this.drop();
    this.connect();
  }

  private connect(): void {
    // What an abandoned socket still says is not heard.
    const socket: Socket = this.around.open(
      this.cursor,
      (text) => this.socket === socket && this.heard(text),
      () => this.socket === socket && this.lost(),
    );
    this.socket = socket;
    this.watch();
  }

  private heard(text: string): void {
    const frame = JSON.parse(text) as LiveFrame;
    this.attempt = 0;
    this.cursor = frame.cursor;
    if (this.state.phase !== "up") this.enter({ phase: "up" });
    this.watch();
    this.around.frame(frame);
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lost(), SILENCE_MS_MAX);
  }

  private lost(): void {
    clearTimeout(this.timer);
    this.drop();
    if (this.state.phase !== "lost") this.enter({ phase: "lost", since: this.around.monotonicNow() });
    const pause = RETRY_MS[Math.min(this.attempt, RETRY_MS.length - 1)] ?? 10_000;
    this.attempt += 1;
    const spread = 1 + RETRY_SPREAD * (2 * this.around.random() - 1);
    this.timer = setTimeout(() => this.connect(), pause * spread);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private enter(state: LineState): void {
    this.state = state;
    this.around.line(state);
  }
}
