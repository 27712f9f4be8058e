/** The node's metrics in Prometheus' text form. Owns the one import of prom-client; threads hand their sums over. */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import { type ProcessMemory, processMemory } from "../base/process-memory.ts";
import { type DurationSums, durationBoundsSeconds, otherName, type RequestSums } from "./request-counters.ts";

/** One value of a gauge, with its labels. */
interface Reading {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A gauge that is read when somebody asks. Slots free, mailbox depth and connections come in this way. */
export interface GaugeSource {
  /** Begins with `troupe_`; the unit comes last. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Default: gauge. A counter's readings only grow while the process lives. */
  readonly kind?: "counter";
  readonly read: () => readonly Reading[];
}

export interface MetricsOptions {
  readonly version: string;
  readonly gauges?: readonly GaugeSource[];
  /** Default: this process, as the operating system counts it. */
  readonly memory?: () => ProcessMemory;
}

export interface RenderedMetrics {
  readonly contentType: string;
  readonly text: string;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"op" | "code">;
  readonly #durations: SummedDurations;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #series = new Set<string>();

  constructor(options: MetricsOptions) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "troupe_s3_requests_total",
      help: "S3 requests answered, by operation and by HTTP status or S3 error code.",
      labelNames: ["op", "code"],
      registers,
    });
    this.#durations = new SummedDurations(this.#registry);
    this.#received = new Counter({
      name: "troupe_s3_received_bytes_total",
      help: "Body bytes received with S3 requests.",
      registers,
    });
    this.#sent = new Counter({
      name: "troupe_s3_sent_bytes_total",
      help: "Body bytes sent in answers to S3 requests.",
      registers,
    });
    const memory = options.memory ?? processMemory;
    const gauges: GaugeSource[] = [
      {
        name: "troupe_build_info",
        help: "Always 1; the labels say what runs.",
        labels: ["version", "node"],
        read: () => [{ value: 1, labels: { version: options.version, node: process.version } }],
      },
      {
        name: "troupe_process_resident_memory_bytes",
        help: "Resident memory: anonymous, shared between threads, and mapped files, which the system can drop.",
        labels: ["kind"],
        read: () => memoryReadings(memory()),
      },
      ...(options.gauges ?? []),
    ];
    for (const gauge of gauges) this.addGauge(gauge);
  }

  addGauge(source: GaugeSource): void {
    assert(/^troupe_[a-z0-9_]+$/.test(source.name), `a metric's name begins with troupe_: ${source.name}`);
    const head = {
      name: source.name,
      help: source.help,
      labelNames: source.labels ?? [],
      registers: [this.#registry],
    };
    if (source.kind === "counter") {
      new Counter({
        ...head,
        collect() {
          this.reset();
          for (const reading of source.read()) this.inc(reading.labels ?? {}, reading.value);
        },
      });
      return;
    }
    new Gauge({
      ...head,
      collect() {
        this.reset();
        for (const reading of source.read()) this.set(reading.labels ?? {}, reading.value);
      },
    });
  }

  /** Adds what a thread has counted since its last hand-over. */
  add(sums: RequestSums): void {
    for (const { operation, code, count } of sums.requests) {
      const isKnown = this.#isWithinBounds(`${operation} ${code}`);
      this.#requests.inc(isKnown ? { op: operation, code } : { op: otherName, code: otherName }, count);
    }
    for (const duration of sums.durations) this.#durations.add(duration);
    this.#received.inc(sums.receivedBytes);
    this.#sent.inc(sums.sentBytes);
  }

  /** Everything, for GET /metrics. */
  async renderMetrics(): Promise<RenderedMetrics> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #isWithinBounds(series: string): boolean {
    if (this.#series.has(series)) return true;
    if (this.#series.size >= limits.metricSeriesMax) return false;
    this.#series.add(series);
    return true;
  }
}

const durationsName = "troupe_s3_request_duration_seconds";
const durationsHelp = "Time from a request's head to the end of its answer.";

/** A histogram that takes sums of buckets; prom-client's own takes single values only. */
class SummedDurations extends Histogram<"op"> {
  readonly #sums = new Map<string, { counts: number[]; sumSeconds: number }>();

  constructor(registry: Registry) {
    super({
      name: durationsName,
      help: durationsHelp,
      labelNames: ["op"],
      buckets: [...durationBoundsSeconds],
      registers: [registry],
    });
  }

  add(duration: DurationSums): void {
    const isKnown = this.#sums.has(duration.operation) || this.#sums.size < limits.metricSeriesMax;
    const operation = isKnown ? duration.operation : otherName;
    let sums = this.#sums.get(operation);
    if (sums === undefined) {
      sums = { counts: new Array<number>(durationBoundsSeconds.length + 1).fill(0), sumSeconds: 0 };
      this.#sums.set(operation, sums);
    }
    for (const [index, count] of duration.counts.entries()) sums.counts[index] = (sums.counts[index] ?? 0) + count;
    sums.sumSeconds += duration.sumSeconds;
  }

  /** The library takes the values from here, for its text and for `get`; its types do not declare it. */
  async getForPromString() {
    return { name: durationsName, help: durationsHelp, type: "histogram", aggregator: "sum", values: this.#values() };
  }

  #values() {
    const values: { metricName: string; labels: Record<string, string>; value: number }[] = [];
    for (const [op, { counts, sumSeconds }] of this.#sums) {
      let total = 0;
      for (const [index, count] of counts.entries()) {
        total += count;
        const bound = durationBoundsSeconds[index];
        const le = bound === undefined ? "+Inf" : String(bound);
        values.push({ metricName: `${durationsName}_bucket`, labels: { le, op }, value: total });
      }
      values.push({ metricName: `${durationsName}_sum`, labels: { op }, value: sumSeconds });
      values.push({ metricName: `${durationsName}_count`, labels: { op }, value: total });
    }
    return values;
  }
}

function memoryReadings(memory: ProcessMemory): Reading[] {
  return [
    { value: memory.anonBytes, labels: { kind: "anon" } },
    { value: memory.shmemBytes, labels: { kind: "shmem" } },
    { value: memory.fileBytes, labels: { kind: "file" } },
  ];
}
