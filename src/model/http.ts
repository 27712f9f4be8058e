/**
 * What the product knows of HTTP, apart from any server library. A front (uWebSockets.js or node:http) makes these
 * and the rest of the code sees nothing else of it.
 */

/** Header names are lower case; a repeated header is joined by "," except that repeats of security-relevant ones are refused by the front. */
export interface Headers {
  get(name: string): string | undefined;
  has(name: string): boolean;
  entries(): Iterable<readonly [name: string, value: string]>;
}

export interface HttpRequest {
  readonly method: string;
  /** As on the wire: undecoded, before "?". */
  readonly rawPath: string;
  /** As on the wire: undecoded, after "?"; "" when there is none. */
  readonly rawQuery: string;
  readonly headers: Headers;
  /** Text form of the peer's IP address. */
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly body: RequestBody;
}

/**
 * A request's body after HTTP framing (Transfer-Encoding: chunked is already removed, aws-chunked is not).
 * Chunks are valid only during the callback: copy or consume. Nothing is delivered before `consume` or during a pause:
 * the front stops reading and holds what still arrives, at most `limits.heldBodyBytesMax` for all its connections
 * together (past it a request is answered 503 SlowDown). A front that does not read does not see the client leave.
 * `consume` and `resume` may call the sink before they return. An answer that begins before the body is complete ends
 * it: the sink is aborted and the rest is not delivered.
 */
export interface RequestBody {
  /** Content-Length, or null when the body is HTTP-chunked; 0 when neither is announced (see `headers.has("content-length")`). */
  readonly contentLength: number | null;
  consume(sink: BodySink): void;
  pause(): void;
  resume(): void;
}

export interface BodySink {
  data(chunk: Uint8Array): void;
  /** The whole body has arrived. */
  end(): void;
  /** The connection is gone, the body was cut short or too slow, or its request was answered; neither `data` nor `end` follows. */
  aborted(): void;
}

/**
 * One answer. The front throws AssertionError, before anything is sent, for header values with control characters other
 * than TAB and for headers that are its own: content-length, connection, date, keep-alive, transfer-encoding, upgrade.
 */
export interface ResponseHead {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Streams `length` bytes. `read` returns the next piece (at most `bytesMax`, valid until the next call), a promise of it
 * when the bytes are not at hand, and is called only while more than 0 bytes are due.
 * A throw or rejection destroys the connection: a body is never ended short as if it were whole.
 */
export interface ResponseBody {
  readonly length: number;
  read(bytesMax: number): Uint8Array | Promise<Uint8Array>;
  /**
   * Called exactly once: after the last byte, on failure, or when the client has gone. Releases pins and epochs.
   * @param sentBytes bytes of it that the connection has taken; a reader that is no listener leaves it out
   */
  close(sentBytes?: number): void;
}

export interface HttpResponse {
  /** True once the client has gone; sends become no-ops. */
  readonly aborted: boolean;
  /** Sends a whole answer. For HEAD and for 204/304, `body` is absent and `contentLength` (if given) is only announced. */
  send(head: ResponseHead, body?: Uint8Array | string, contentLength?: number): void;
  /** Sends a streamed answer with Content-Length. */
  stream(head: ResponseHead, body: ResponseBody): void;
  /** Starts a chunked answer whose length is not known; for long-running operations that send white space first. */
  open(head: ResponseHead): { write(piece: Uint8Array | string): void; end(piece?: Uint8Array | string): void };
  /** Closes the connection after the answer (the rest of a request body is not worth reading), or at once. */
  closeAfter(): void;
  destroy(): void;
  /**
   * `run` is called once when the answer is over, whole or not, with the body bytes that the connection has taken; at once when
   * it is over already. Of a streamed answer its body's `close` says the same.
   */
  whenOver(run: (sentBytes: number) => void): void;
  /** `run` is called once when the client goes before the answer is complete; at once when it has gone already. */
  onAborted(run: () => void): void;
}

export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

/** Paths of PEM files. */
export interface CertificateFiles {
  /** With the chain above it. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** The certificate for every name, and further ones for the names that are in them. */
export interface TlsFiles extends CertificateFiles {
  readonly further?: readonly CertificateFiles[];
}

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles;
  /** A Unix socket in place of host and port; node:http only. */
  readonly socketPath?: string;
}

/** A listener. Both implementations (front/uws.ts, front/node-http.ts) pass the same tests. */
export interface HttpServer {
  readonly implementation: "uws" | "node";
  /** The bound port (useful after port 0). */
  readonly port: number;
  /** Stops accepting; resolves when every connection is closed or after `drainMs`, when the rest is destroyed. */
  close(drainMs: number): Promise<void>;
  openConnections(): number;
}
