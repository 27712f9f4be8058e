/**
 * The log: JSON lines of what the operator should know, and nothing that is secret. Owns the one import of pino, and with
 * it the line files that other logs (the access log) are written to.
 */

import { type DestinationStream, destination as openDestination, pino, stdTimeFunctions } from "pino";
import { limits } from "./limits.ts";

export const logLevels = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Writes one JSON line per call: `{"level":"info","time":"2026-01-31T12:00:00.000Z",...fields,"message":"..."}`.
 * Fields named like a secret are replaced at any depth; errors become `{type, message, code, stack}`; bytes become their count.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
  /** A log that adds `fields` (a request id, say) to each of its lines. */
  child(fields: object): Log;
}

/** Where lines go. */
export interface LineSink {
  /** Appends `line`, which ends in a line feed. Never throws for a full or broken target: the line is dropped. */
  write(line: string): void;
  /** Starts a new file under the same path (log rotation). No effect on a file descriptor. */
  reopen(): void;
  /** Resolves when what was written has been handed to the operating system; errors of the target are swallowed, as in `write`. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** "stderr" (default), "stdout", a file descriptor, or any object that takes lines. */
  readonly destination?: "stdout" | "stderr" | number | DestinationStream;
}

const descriptors = { stdout: 1, stderr: 2 } as const;

/** Opens a log. Lines are written synchronously, so that the last one before an exit is not lost. */
export function createLog(options: LogOptions): Log {
  const target = options.destination ?? "stderr";
  const stream =
    typeof target === "object"
      ? target
      : openDestination({ fd: typeof target === "number" ? target : descriptors[target], sync: true });
  const root = pino(
    {
      level: options.level,
      messageKey: "message",
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return wrap(root);
}

type PinoLike = Pick<ReturnType<typeof pino>, LogLevel | "isLevelEnabled"> & { child(fields: object): PinoLike };

function wrap(inner: PinoLike): Log {
  const at = (level: LogLevel) => (fields: object, message: string) => {
    if (inner.isLevelEnabled(level)) inner[level](withoutSecrets(fields), message);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    child: (fields) => wrap(inner.child(withoutSecrets(fields))),
  };
}

/** Where the log lines of a node's threads go: to stderr, through the main thread to whoever started the node, or nowhere. */
export type LogTarget = "stderr" | "main" | "none";

/** What every thread of a node is told about logging; plain data. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly target: LogTarget;
}

/** The log of one thread. @param toMain takes the lines, each ending in a line feed, when the target is "main" */
export function createThreadLog({ level, target }: LogSettings, toMain: (line: string) => void): Log {
  if (target === "none") return silentLog;
  return target === "main" ? createLog({ level, destination: { write: toMain } }) : createLog({ level });
}

/** Drops every line; for tests and for parts that run without a log. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  child: () => silentLog,
};

/**
 * Opens a file (created with mode 0640, appended to) or a descriptor for lines. Writes are buffered and asynchronous;
 * at most `limits.logBufferBytesMax` wait, more is dropped.
 * @throws Error of the operating system when the file cannot be opened
 */
export function openLineSink(target: string | number): LineSink {
  const stream = openDestination({
    dest: target,
    append: true,
    mode: 0o640,
    mkdir: false,
    sync: false,
    minLength: limits.logFlushBytes,
    maxLength: limits.logBufferBytesMax,
    periodicFlush: limits.logFlushMs,
  });
  let isOpen = true;
  // A full disk or a closed pipe must not stop the service: the lines are lost, the requests go on.
  stream.on("error", () => {});
  return {
    write: (line) => {
      if (isOpen) stream.write(line);
    },
    reopen: () => {
      if (isOpen && typeof target === "string") stream.reopen();
    },
    close: () =>
      new Promise((resolve) => {
        if (!isOpen) return resolve();
        isOpen = false;
        stream.once("close", resolve);
        stream.once("error", () => resolve());
        stream.end();
      }),
  };
}

const secretNames = new Set(
  [
    "secretAccessKey",
    "secret",
    "password",
    "passwordHash",
    "newPassword",
    "signingKey",
    "addressKey",
    "dataKey",
    "bearerToken",
    "sessionToken",
    "securityToken",
    "token",
    "authorization",
    "signature",
    "seedSignature",
    "cookie",
    "setCookie",
    "recoveryCodes",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "set-cookie",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
  ].map((name) => name.toLowerCase()),
);

const depthMax = 6;
const censored = "[secret]";

/** A copy of what is plain, with the values of fields that are named like a secret replaced. */
export function withoutSecrets(fields: object): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    copy[name] = secretNames.has(name.toLowerCase()) ? censored : plain(value, 1);
  }
  return copy;
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return plainError(value, depth);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value;
  if (depth >= depthMax) return "[deeper]";
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  const entries = value instanceof Map ? value.entries() : Object.entries(value);
  const copy: Record<string, unknown> = {};
  for (const [name, member] of entries) {
    const text = String(name);
    copy[text] = secretNames.has(text.toLowerCase()) ? censored : plain(member, depth + 1);
  }
  return copy;
}

function plainError(error: Error, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = { type: error.name, message: error.message, stack: error.stack };
  if ("code" in error) copy["code"] = error.code;
  if (error.cause !== undefined && depth < depthMax) copy["cause"] = plain(error.cause, depth + 1);
  return copy;
}
