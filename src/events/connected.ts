/** A target that keeps one connection: made by the first message, dropped when a message fails, made anew by the next. */

import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import { within } from "./deadline.ts";
import type { EventTarget } from "./target.ts";

export interface Connection {
  /** Resolves when the other side has acknowledged it. */
  send(message: string): Promise<void>;
  close(): Promise<void>;
}

export class ConnectedTarget implements EventTarget {
  readonly #connect: () => Promise<Connection>;
  readonly #clock: Clock;
  #connection: Promise<Connection> | null = null;

  /** Nobody tries again but the dispatcher, so that its pauses bound the attempts. */
  constructor(connect: () => Promise<Connection>, clock: Clock) {
    this.#connect = connect;
    this.#clock = clock;
  }

  async send(message: string): Promise<void> {
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    const sent = connection.then((open) => open.send(message));
    try {
      await within(this.#clock, limits.eventSendMs, "a delivery", sent);
    } catch (error) {
      if (this.#connection === connection) this.#connection = null;
      this.#drop(connection);
      throw error;
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    if (connection === null) return;
    const closed = connection.then((open) => open.close());
    await within(this.#clock, limits.eventSendMs, "closing", closed).catch(ignored);
  }

  /** Also one that only now comes up. */
  #drop(connection: Promise<Connection>): void {
    connection.then((open) => open.close()).catch(ignored);
  }
}

/** What is dropped may fail as it likes. */
function ignored(_error: unknown): void {}
