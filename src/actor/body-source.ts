/** Where the bytes of a write are when its message is sent to the bucket's actor. */

import type { BodyPlan } from "../auth/body-plan.ts";
import type { StoredBody } from "../storage/body.ts";
import type { SlotId } from "./slabs.ts";

/** In one slot, still as on the wire, to be decoded in the owner's thread; or verified and stored by a lane. */
export type BodySource =
  | { readonly kind: "slot"; readonly slot: SlotId; readonly length: number; readonly plan: BodyPlan }
  | { readonly kind: "stored"; readonly body: StoredBody };
