/** Reads HTTP/1.1 answers from a connection, as cheaply as a load process needs it. Source: RFC 9112, section 6. */

/** An answer that has come to its end. */
export interface Answer {
  readonly status: number;
  /** The first bytes of an error's body, for its code; empty for successes. */
  readonly text: string;
  /** The server closes the connection after it. */
  readonly isLast: boolean;
}

/** An error's body is kept up to here. */
const errorTextMax = 2048;
const headBytesMax = 65_536;

/** How the bytes of a body are counted. */
type Framing = "length" | "chunk size" | "chunk" | "trailer" | "until close";

export class AnswerReader {
  #state: "head" | Framing = "head";
  /** Bytes of a line or head whose end has not come. */
  #kept = "";
  #due = 0;
  #status = 0;
  #isLast = false;
  #text = "";

  /** True between the first byte of an answer and its end. */
  get isWithin(): boolean {
    return this.#state !== "head" || this.#kept !== "";
  }

  /**
   * @param isHead the answers are to HEAD requests: none has a body
   * @returns the answers that ended in this piece
   * @throws Error when the bytes are not HTTP
   */
  take(piece: Buffer, isHead: boolean): Answer[] {
    const ended: Answer[] = [];
    let at = 0;
    while (at < piece.length) {
      at = this.#step(piece, at, isHead);
      if (this.#state === "length" && this.#due === 0) ended.push(this.#end());
    }
    return ended;
  }

  /** The connection was closed. @returns the answer that ended by it, if one did */
  close(): Answer | null {
    return this.#state === "until close" ? this.#end() : null;
  }

  #end(): Answer {
    this.#state = "head";
    this.#kept = "";
    return { status: this.#status, text: this.#text, isLast: this.#isLast };
  }

  #step(piece: Buffer, at: number, isHead: boolean): number {
    switch (this.#state) {
      case "head":
        return this.#readUntil(piece, at, "\r\n\r\n", (head) => this.#begin(head, isHead));
      case "chunk size":
        return this.#readUntil(piece, at, "\r\n", (line) => {
          const size = Number.parseInt(line, 16);
          if (Number.isNaN(size)) throw new Error(`not a chunk size: ${JSON.stringify(line)}`);
          this.#state = size === 0 ? "trailer" : "chunk";
          this.#due = size + 2;
        });
      case "trailer":
        return this.#readUntil(piece, at, "\r\n", (line) => {
          if (line === "") {
            this.#state = "length";
            this.#due = 0;
          }
        });
      default: {
        const used = this.#state === "until close" ? piece.length - at : Math.min(this.#due, piece.length - at);
        if (this.#status >= 300 && this.#text.length < errorTextMax)
          this.#text += piece.toString("latin1", at, at + used);
        if (this.#state !== "until close") this.#due -= used;
        if (this.#state === "chunk" && this.#due === 0) this.#state = "chunk size";
        return at + used;
      }
    }
  }

  /** Gives `found` what stands before `mark`, once it is whole. @returns where reading goes on */
  #readUntil(piece: Buffer, at: number, mark: string, found: (text: string) => void): number {
    // Nothing kept is the rule: then only the line itself becomes text, not the body behind it.
    const whole = this.#kept === "" ? piece.indexOf(mark, at, "latin1") : -1;
    if (whole !== -1) {
      found(piece.toString("latin1", at, whole));
      return whole + mark.length;
    }
    const text = this.#kept + piece.toString("latin1", at);
    const end = text.indexOf(mark);
    if (end === -1) {
      if (text.length > headBytesMax) throw new Error("an answer's head does not end");
      this.#kept = text;
      return piece.length;
    }
    const next = at + end + mark.length - this.#kept.length;
    this.#kept = "";
    found(text.slice(0, end));
    return next;
  }

  #begin(head: string, isHead: boolean): void {
    if (!/^HTTP\/1\.[01] \d{3}/.test(head)) throw new Error(`not HTTP/1.1: ${JSON.stringify(head.slice(0, 40))}`);
    this.#status = Number(head.slice(9, 12));
    // An interim answer: the real one follows.
    if (this.#status < 200) return;
    this.#text = "";
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#isLast = head.startsWith("HTTP/1.0")
      ? !/\r\nconnection: *keep-alive/i.test(head)
      : /\r\nconnection: *close/i.test(head);
    this.#state = "length";
    this.#due = 0;
    if (isHead || this.#status === 204 || this.#status === 304) return;
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = "chunk size";
    else if (length !== undefined) this.#due = Number(length);
    else if (this.#isLast) this.#state = "until close";
  }
}

/** A short name for an answer that is not a success: `503 SlowDown`. */
export function errorName({ status, text }: Answer): string {
  const code = /<Code>([\w.-]{1,64})<\/Code>/.exec(text)?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}
