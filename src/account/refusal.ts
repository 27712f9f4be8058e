/** How the handlers of identities refuse: thrown inside a turn, answered as an outcome by `IdentityTurns`. */

import type { IdentityErrorCode } from "../control/identity-messages.ts";

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: IdentityErrorCode;
  readonly detail: Readonly<Record<string, string>>;

  /** @param message a sentence for people, without secrets: the answer's detail `Message` */
  constructor(code: IdentityErrorCode, message: string, detail: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.detail = { ...detail, Message: message };
  }
}

/** LimitExceeded as IAM words it. @param quota its name, such as GroupsPerUser */
export function overQuota(quota: string, max: number): Refusal {
  return new Refusal("LimitExceeded", `Cannot exceed quota for ${quota}: ${max}`, { Quota: quota });
}

export function noSuch(kind: string, name: string): Refusal {
  return new Refusal("NoSuchEntity", `The ${kind} with name ${name} cannot be found.`);
}

export function existsAlready(kind: string, name: string): Refusal {
  return new Refusal("EntityAlreadyExists", `${kind} with name ${name} already exists.`);
}
