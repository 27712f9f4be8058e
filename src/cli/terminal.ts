/** Owns the questions that a command asks: at a terminal without echo for secrets, else the lines of standard input. */

import { readFileSync } from "node:fs";
import { limits } from "../base/limits.ts";
import { CommandError, exitCodes } from "./exit-codes.ts";

/** What a command needs of who runs it. */
export interface Terminal {
  readonly isInteractive: boolean;
  /** One line. @throws CommandError usage when there is none */
  ask(question: string, isSecret: boolean): Promise<string>;
  /** All of standard input. @throws CommandError noInput */
  readAll(): string;
}

/** Standard input and error of the process. */
export function processTerminal(): Terminal {
  let lines: string[] | null = null;
  const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    isInteractive,
    ask: async (question, isSecret) => {
      if (isInteractive) return askTerminal(question, isSecret);
      lines ??= readInput().split(/\r?\n/);
      const line = lines.shift();
      if (line === undefined || line === "") {
        throw new CommandError(
          exitCodes.usage,
          `${question}: is asked for at a terminal, or read as a line of standard input`,
        );
      }
      return line;
    },
    readAll: readInput,
  };
}

function readInput(): string {
  try {
    const bytes = readFileSync(0);
    if (bytes.length > limits.cliInputBytesMax) throw new Error(`it is longer than ${limits.cliInputBytesMax} bytes`);
    return bytes.toString("utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(exitCodes.noInput, `standard input cannot be read: ${reason}`, { cause: error });
  }
}

/** Control-C, and Control-D on an empty line. */
const interrupt = "\u0003";
const endOfInput = "\u0004";

/** Reads a line key by key, so that a secret is not shown; other answers are shown as they are typed. */
function askTerminal(question: string, isSecret: boolean): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(`${question}: `);
  stdin.setRawMode(true);
  stdin.resume();
  return new Promise((resolve, reject) => {
    let line = "";
    const end = (): void => {
      stdin.off("data", onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
    };
    const onData = (piece: Buffer): void => {
      for (const key of piece.toString("utf8")) {
        if (key === "\r" || key === "\n") {
          end();
          resolve(line);
          return;
        }
        if (key === interrupt || (key === endOfInput && line === "")) {
          end();
          reject(new CommandError(exitCodes.failed, "Nothing was done."));
          return;
        }
        if (key === "\u007f" || key === "\b") {
          if (line !== "" && !isSecret) stderr.write("\b \b");
          line = [...line].slice(0, -1).join("");
        } else if (key >= " " && line.length < limits.passwordBytesMax) {
          line += key;
          if (!isSecret) stderr.write(key);
        }
      }
    };
    stdin.on("data", onData);
  });
}
