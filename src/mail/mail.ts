/** What outgoing mail is: a message, and something that delivers it. No I/O here. */

export interface MailMessage {
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Delivers one message at a time; the outbox (outbox.ts) queues and repeats. */
export interface Mail {
  /**
   * Resolves when the message has been handed on: accepted by the server, or written durably. Rejects with MailError. The
   * outbox waits `limits.mailSendMs` for it.
   */
  send(message: MailMessage): Promise<void>;
  /** Ends connections; what is being sent may fail. */
  close(): void;
}

/** A message that was not delivered. The reason is the server's or the system's; it never has the message's text. */
export class MailError extends Error {
  override readonly name = "MailError";
  /** True when the same message would fail again: it is not repeated. */
  readonly isPermanent: boolean;

  constructor(message: string, isPermanent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.isPermanent = isPermanent;
  }
}

/**
 * Whether mail can be sent to `text`: one address, without name, comment, quotes or anything that could begin another
 * recipient or header. Source: RFC 5321, section 4.1.2 (its dot-string form), 4.5.3.1 (lengths).
 */
export function isMailAddress(text: string): boolean {
  if (text.length > 254) return false;
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  if (at < 1 || local.length > 64) return false;
  // Letters of any script (RFC 6531); of ASCII's signs only those of an atom.
  return (
    /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]+$/u.test(local) &&
    /^[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u.test(text.slice(at + 1))
  );
}
