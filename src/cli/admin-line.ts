/** A command of the admin API as plain data. */

import type { AdminCommand } from "./admin-tree.ts";
import type { Shell } from "./completion.ts";
import type { Field } from "./fields.ts";
import type { TargetChoice } from "./target.ts";
import type { Given } from "./values.ts";

export interface LoginLine {
  readonly command: "login";
  readonly target: TargetChoice;
  readonly isJson: boolean;
  /** null = asked for. */
  readonly email: string | null;
  /** Which account, for an address that is known in several. */
  readonly accountId: string | null;
  /** An API token is asked for, not a password. */
  readonly byToken: boolean;
  /** Name of the API token that is made and kept in place of the session; null = the session is kept. */
  readonly makeToken: string | null;
  readonly scope: string;
  readonly expiresAt: string | null;
}

export type AdminLine =
  | {
      readonly command: "admin";
      readonly call: AdminCommand;
      readonly given: ReadonlyMap<Field, Given>;
      readonly target: TargetChoice;
      readonly isJson: boolean;
      /** The one member of the answer to print, its names parted by dots; null = all of it. */
      readonly member: string | null;
      readonly idempotencyKey: string | null;
    }
  | LoginLine
  | { readonly command: "logout"; readonly target: TargetChoice; readonly isJson: boolean }
  | { readonly command: "completion"; readonly shell: Shell };

/** Help for standard output, or what is wrong, for standard error. */
export type TextLine =
  | { readonly command: "help"; readonly text: string }
  | { readonly command: "usage error"; readonly text: string };

/** What the command line needs of the admin API's commands: made only when one of them may be meant. */
export interface AdminCli {
  /** First words, with the other names of some. */
  readonly names: readonly string[];
  /** For the help of the program: a line for each first word. */
  readonly helpText: string;
  parse(argv: readonly string[]): AdminLine | TextLine;
}
