/** Accounts, users, groups, roles, policies, keys and the audit log. */

import type { DirectoryMessages } from "../control/identity-messages.ts";
import { type Handlers, refused } from "../control/messages.ts";
import type { IdentityPorts } from "./ports.ts";

export function directoryBehaviour(_ports: IdentityPorts): Handlers<keyof DirectoryMessages> {
  const refuse = async () => refused("AccessDenied", { Message: "changes of identities are not served" });
  return {
    "account.create": refuse,
    "account.update": refuse,
    "account.setStatus": refuse,
    "account.delete": refuse,
    "user.create": refuse,
    "user.update": refuse,
    "user.delete": refuse,
    "user.tag": refuse,
    "user.untag": refuse,
    "user.setBoundary": refuse,
    "user.invite": refuse,
    "group.create": refuse,
    "group.update": refuse,
    "group.delete": refuse,
    "group.addUser": refuse,
    "group.removeUser": refuse,
    "role.create": refuse,
    "role.update": refuse,
    "role.delete": refuse,
    "policy.create": refuse,
    "policy.createVersion": refuse,
    "policy.setDefaultVersion": refuse,
    "policy.deleteVersion": refuse,
    "policy.setTags": refuse,
    "policy.delete": refuse,
    "policy.attach": refuse,
    "policy.detach": refuse,
    "inline.put": refuse,
    "inline.delete": refuse,
    "key.create": refuse,
    "key.update": refuse,
    "key.delete": refuse,
    "key.used": refuse,
    "audit.write": refuse,
  };
}
