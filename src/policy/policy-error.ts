/** The refusal of a policy document. */

/** A document that is refused as a whole; the message says what is wrong and where. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly code = "MalformedPolicy";
  /** Where in the document: a JSON pointer (RFC 6901); "" is the document itself. */
  readonly pointer: string;

  /** @param sid the statement's, when it has one: it is easier to find than an index */
  constructor(reason: string, pointer: string, sid: string | null = null) {
    const place = pointer === "" ? "" : ` (at ${pointer}${sid ? `, Sid ${JSON.stringify(sid)}` : ""})`;
    super(`${reason}${place}`);
    this.pointer = pointer;
  }
}
