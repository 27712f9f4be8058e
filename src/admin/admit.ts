/** Judges whether a caller may use a row: proof, acting, kind of account, role, scope of its token, policies. */

import type { Role, TokenScope } from "../control/identity-records.ts";
import type { Caller } from "./caller.ts";
import type { AdminRow } from "./declaration.ts";
import { AdminError } from "./problem.ts";

const roleRank: Readonly<Record<Role, number>> = { user: 0, admin: 1, root: 2 };
/** A wider scope includes the narrower ones. */
const scopeRank: Readonly<Record<TokenScope, number>> = { usage: 0, customers: 1, all: 2 };

const denied = (detail: string): AdminError => new AdminError("AccessDenied", detail);

/** All but the policies. @throws AdminError NotSignedIn, SecondFactorRequired, AccessDenied */
export function admit({ admits }: AdminRow, caller: Caller | null): void {
  if (admits.who.includes("none")) return;
  if (caller === null) {
    throw new AdminError("NotSignedIn", "", { headers: [["www-authenticate", "Bearer"]] });
  }
  if (caller.proof === "half" && !admits.who.includes("half")) throw new AdminError("SecondFactorRequired");
  if (!admits.who.includes(caller.proof)) throw denied(`It takes ${admits.who.join(" or ")}, not ${caller.proof}.`);
  if (caller.isActing && !admits.whileActing) throw denied("Not while you act as another account.");
  const { kinds } = admits;
  if (kinds !== undefined && !kinds.includes(caller.account.kind)) {
    throw denied(`Only for accounts of kind ${kinds.join(" or ")}.`);
  }
  if (roleRank[caller.role] < roleRank[admits.role])
    throw denied(`Only for ${admits.role === "root" ? "Root" : "Admin and Root"}.`);
  if (caller.token !== null && scopeRank[caller.token.scope] < scopeRank[admits.scope]) {
    throw denied(`The API token's scope must be ${admits.scope}.`);
  }
}
