/** Real brokers for the suites: the programs of NATS and Kafka, started, killed, paused and let go on. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort, rootDirectory } from "./node-process.ts";
import { CannotRun } from "./suite.ts";

/** Where .ci/run puts what the system does not have. */
const cache = join(rootDirectory, ".cache/brokers");
const natsProgram = join(cache, "usr/sbin/nats-server");
const kafkaJars = join(cache, "kafka");

const startMs = 40_000;
const pollMs = 50;

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** @throws CannotRun */
export function requireBrokers(): void {
  if (!existsSync(natsProgram)) throw new CannotRun("nats-server is not there; bash .ci/run --long brokers brings it");
  if (!existsSync(kafkaJars) || readdirSync(kafkaJars).length === 0) {
    throw new CannotRun("Kafka is not there; bash .ci/run --long brokers brings it");
  }
  if (spawnSync("java", ["-version"]).status !== 0) throw new CannotRun("java is not installed");
}

export class Broker {
  readonly port: number;
  readonly #command: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(port: number, command: readonly string[], logFile: string) {
    this.port = port;
    this.#command = command;
    this.#logFile = logFile;
  }

  /** Waits until it takes connections. */
  async start(): Promise<void> {
    const log = openSync(this.#logFile, "a");
    const [program = "", ...words] = this.#command;
    const child = spawn(program, words, { stdio: ["ignore", log, log] });
    this.#child = child;
    living.add(child);
    this.#ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
    const deadline = Date.now() + startMs;
    while (!(await takesConnections(this.port))) {
      if (Date.now() > deadline || child.exitCode !== null) {
        throw new Error(`${program} does not start:\n${readFileSync(this.#logFile, "utf8").slice(-3000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
    if (this.#child !== null) living.delete(this.#child);
  }

  /** It keeps its connections, the system takes more for it, and nothing is answered. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child?.kill("SIGCONT");
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** @param configuration lines of nats-server's own language, beside its address */
export async function natsServer(directory: string, configuration: string): Promise<Broker> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const file = join(directory, "nats.conf");
  writeFileSync(file, `listen: "127.0.0.1:${port}"\n${configuration}\n`);
  return new Broker(port, [natsProgram, "-c", file], join(directory, "nats.log"));
}

/** Of one node that is broker and controller. A formatted directory; topics are made by whoever asks for them, unless he says not to. */
export async function kafkaBroker(directory: string): Promise<Broker> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const controllerPort = await freePort();
  const file = join(directory, "server.properties");
  const properties: Readonly<Record<string, string | number>> = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "log.dirs": join(directory, "log"),
    "num.partitions": 2,
    "auto.create.topics.enable": "true",
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    // A killed broker comes back as another one: the former must have been given up.
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 2000,
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(""));
  const java = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", join(kafkaJars, "*")];
  const format = [...java, "kafka.tools.StorageTool", "format", "-t", "dHJvdXBlLXRlc3QtMDAwMQ", "-c", file];
  const formatted = spawnSync("java", format.slice(1), { encoding: "utf8" });
  if (formatted.status !== 0) throw new Error(`Kafka's directory is not formatted: ${formatted.stderr}`);
  return new Broker(port, [...java, "kafka.Kafka", file], join(directory, "kafka.log"));
}
