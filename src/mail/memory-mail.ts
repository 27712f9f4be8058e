/** Mail that goes nowhere: for tests, and for nodes in memory. */

import { limits } from "../base/limits.ts";
import type { Mail, MailMessage } from "./mail.ts";

export interface MemoryMail extends Mail {
  /** The latest `limits.mailFilesMax` messages, oldest first. */
  readonly messages: readonly MailMessage[];
}

export function memoryMail(): MemoryMail {
  const messages: MailMessage[] = [];
  return {
    messages,
    send: async (message) => {
      messages.push(message);
      if (messages.length > limits.mailFilesMax) messages.shift();
    },
    close: () => {},
  };
}
