import test from "ava";
import { limits } from "../base/limits.ts";
import { compilePolicy, statementsFor } from "./compile.ts";
import { parsePolicy } from "./document.ts";

test("statements by action, of which a bounded number is kept", (t) => {
  const allow = { Effect: "Allow", Resource: "*" };
  const policy = compilePolicy(
    parsePolicy(
      {
        Statement: [
          { ...allow, Action: "s3:Action1*" },
          { ...allow, Effect: "Deny", NotAction: "s3:Action1*" },
        ],
      },
      "identity",
    ),
    "policy",
  );
  for (let index = 0; index < 3 * limits.policyActionsCachedMax; index++) {
    const action = `s3:ACTION${index}`;
    const speaks = String(index).startsWith("1");
    for (let again = 0; again < 2; again++) {
      const { allows, denies } = statementsFor(policy, action);
      t.is(allows.length, speaks ? 1 : 0, action);
      t.is(denies.length, speaks ? 0 : 1, action);
    }
    t.true(policy.byAction.size <= limits.policyActionsCachedMax);
  }
});
