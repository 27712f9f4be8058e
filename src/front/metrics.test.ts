import test from "ava";
import { limits } from "../base/limits.ts";
import { Metrics } from "./metrics.ts";
import { durationBoundsSeconds, type FinishedRequest, RequestCounters } from "./request-counters.ts";

const request: FinishedRequest = { operation: "GetObject", code: "200", durationMs: 3, receivedBytes: 0, sentBytes: 5 };

/** Value of a series in the text form. */
function value(text: string, series: string): number | undefined {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test("sums of several threads add up", async (t) => {
  const metrics = new Metrics({ version: "1" });
  const one = new RequestCounters();
  const other = new RequestCounters();
  one.record(request);
  one.record({ ...request, operation: "PutObject", code: "SlowDown", receivedBytes: 7, sentBytes: 0 });
  other.record(request);
  metrics.add(one.take());
  metrics.add(structuredClone(other.take()));
  other.record(request);
  metrics.add(other.take());
  metrics.add(other.take());
  const { contentType, text } = await metrics.renderMetrics();
  t.regex(contentType, /^text\/plain/);
  t.is(value(text, 'troupe_s3_requests_total{op="GetObject",code="200"}'), 3);
  t.is(value(text, 'troupe_s3_requests_total{op="PutObject",code="SlowDown"}'), 1);
  t.is(value(text, "troupe_s3_received_bytes_total"), 7);
  t.is(value(text, "troupe_s3_sent_bytes_total"), 15);
});

test("durations are a cumulative histogram", async (t) => {
  const metrics = new Metrics({ version: "1" });
  const counters = new RequestCounters();
  for (const durationMs of [0.5, 3, 3, 61_000, -1]) counters.record({ ...request, durationMs });
  metrics.add(counters.take());
  const { text } = await metrics.renderMetrics();
  const name = "troupe_s3_request_duration_seconds";
  t.is(value(text, `${name}_bucket{le="0.0005",op="GetObject"}`), 2);
  t.is(value(text, `${name}_bucket{le="0.0025",op="GetObject"}`), 2);
  t.is(value(text, `${name}_bucket{le="0.005",op="GetObject"}`), 4);
  t.is(value(text, `${name}_bucket{le="60",op="GetObject"}`), 4);
  t.is(value(text, `${name}_bucket{le="+Inf",op="GetObject"}`), 5);
  t.is(value(text, `${name}_count{op="GetObject"}`), 5);
  t.true(Math.abs((value(text, `${name}_sum{op="GetObject"}`) ?? 0) - 61.0065) < 1e-9);
  t.is(text.match(new RegExp(`^# TYPE ${name} histogram$`, "gm"))?.length, 1);
  t.is(text.match(new RegExp(`^${name}_bucket`, "gm"))?.length, durationBoundsSeconds.length + 1);
});

test("gauges are read at each rendering, and readings that are gone vanish", async (t) => {
  let free: Record<string, number> = { small: 3, large: 1 };
  const memory = () => ({ anonBytes: 10, shmemBytes: 20, fileBytes: 30 });
  const metrics = new Metrics({
    version: "2.3",
    memory,
    gauges: [
      {
        name: "troupe_slab_slots_free",
        help: "Free slots.",
        labels: ["size"],
        read: () => Object.entries(free).map(([size, count]) => ({ value: count, labels: { size } })),
      },
    ],
  });
  metrics.addGauge({ name: "troupe_open_connections", help: "Open connections.", read: () => [{ value: 4 }] });
  const first = (await metrics.renderMetrics()).text;
  t.is(value(first, 'troupe_slab_slots_free{size="small"}'), 3);
  t.is(value(first, "troupe_open_connections"), 4);
  t.is(value(first, 'troupe_process_resident_memory_bytes{kind="shmem"}'), 20);
  t.true(first.includes(`troupe_build_info{version="2.3",node="${process.version}"} 1`));
  free = { small: 2 };
  const second = (await metrics.renderMetrics()).text;
  t.is(value(second, 'troupe_slab_slots_free{size="small"}'), 2);
  t.is(value(second, 'troupe_slab_slots_free{size="large"}'), undefined);
});

test("a metric of another product's name is refused", (t) => {
  const metrics = new Metrics({ version: "1" });
  t.throws(() => metrics.addGauge({ name: "slots", help: "", read: () => [] }), { message: /troupe_/ });
});

test("the number of series is bounded, in a thread and in sum, and nothing goes uncounted", async (t) => {
  const metrics = new Metrics({ version: "1" });
  const counters = new RequestCounters();
  const count = limits.metricSeriesMax + 50;
  for (let index = 0; index < count; index++) counters.record({ ...request, operation: `Op${index}` });
  metrics.add(counters.take());
  for (let index = 0; index < 50; index++) counters.record({ ...request, operation: `More${index}` });
  metrics.add(counters.take());
  const { text } = await metrics.renderMetrics();
  const lines = text.split("\n").filter((line) => line.startsWith("troupe_s3_requests_total{"));
  t.true(lines.length <= limits.metricSeriesMax + 2);
  const total = lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  t.is(total, count + 50);
  t.is(value(text, 'troupe_s3_requests_total{op="other",code="other"}'), 100);
});
