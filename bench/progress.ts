/** What happens while the bench runs: one line that is written over on a terminal, plain lines elsewhere. */

/** Where the lines go. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class Progress {
  readonly #out: ProgressOutput;
  readonly #stepCount: number;
  readonly #now: () => number;
  #step = 0;
  /** When the first counted step began, in ms of `now`. */
  #startedMs: number | null = null;
  #hasLine = false;

  /** @param now monotonic time in ms */
  constructor(out: ProgressOutput, stepCount: number, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#stepCount = stepCount;
    this.#now = now;
  }

  /** Something before or after the steps: a line of its own. */
  note(text: string): void {
    if (this.#out.isTTY) this.#over(text);
    else this.#out.write(`${text}\n`);
  }

  begin(text: string): void {
    this.#startedMs ??= this.#now();
    this.#step += 1;
    if (!this.#out.isTTY) this.#out.write(`${this.#prefix()} ${text}\n`);
  }

  /** Only a terminal shows it. */
  detail(text: string): void {
    if (this.#out.isTTY) this.#over(`${this.#prefix()} ${text}${this.#left()}`);
  }

  /** Takes the line away, so that something else can be printed. */
  clear(): void {
    if (this.#hasLine) this.#out.write("\r\x1b[K");
    this.#hasLine = false;
  }

  #prefix(): string {
    return `[${this.#step}/${this.#stepCount}]`;
  }

  #left(): string {
    const done = this.#step - 1;
    if (this.#startedMs === null || done < 1) return "";
    const seconds = Math.round(((this.#now() - this.#startedMs) / 1000 / done) * (this.#stepCount - done));
    return ` · about ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
  }

  #over(text: string): void {
    this.#out.write(`\r\x1b[K${text.slice(0, (this.#out.columns ?? 120) - 1)}`);
    this.#hasLine = true;
  }
}
