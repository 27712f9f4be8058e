/** Where events go: one interface, a driver for each kind of target. */

/** A configured target. */
export interface TargetSettings {
  readonly name: string;
  /** http:// or https://: a webhook. */
  readonly url: string;
  /** Sent as the Authorization header; null = none. Secret. */
  readonly authorization: string | null;
  /** Whether it may be at a loopback, link-local or private address. */
  readonly allowsPrivate: boolean;
}

export interface EventTarget {
  /**
   * Delivers one message. Rejects when it was not certainly taken: it is then sent again.
   * @param message JSON text
   */
  send(message: string): Promise<void>;
  close(): Promise<void>;
}
