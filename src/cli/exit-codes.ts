/** Exit codes of the command line, those of sysexits.h where it has one. */

export const exitCodes = {
  ok: 0,
  /** The node refuses it: there is no such thing, the name is taken, a limit is reached. */
  failed: 1,
  /** The command line cannot be used, as the parser or the node says. */
  usage: 64,
  /** A file that the command line names cannot be read. */
  noInput: 66,
  /** Nothing answers, or not in time. */
  unreachable: 69,
  /** A fault of the node or of this program. */
  software: 70,
  /** In use by another process, or too many requests: the same may work later. */
  tryLater: 75,
  /** Not signed in, or not allowed. */
  denied: 77,
  /** The configuration or the stored credentials cannot be used. */
  config: 78,
} as const;

/** Ends a command with a message and an exit code. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  /** @param message a sentence for people, without a line feed at its end */
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** What a shell's user reads about them. */
export const exitCodeHelp = `Exit codes:
  0   done
  1   refused: there is no such thing, the name is taken, a limit is reached
  64  the command line cannot be used
  66  a file named on the command line cannot be read
  69  nothing answers at the address
  70  a fault inside the node or this program
  75  too many requests, or busy: try again later
  77  not signed in, or not allowed
  78  the configuration or the stored credentials cannot be used
`;
