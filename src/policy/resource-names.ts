/**
 * How actions and resources are named in policies. Pure.
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */

import { parseTemplate } from "./template.ts";

const action = /^[a-z0-9-]+:[a-z0-9*?_-]+$/i;

/** Why a text is not a pattern of actions (`s3:Get*`, `*`); null when it is. */
export function refusedAction(text: string): string | null {
  return text === "*" || text === "*:*" || action.test(text) ? null : "is not an action, as s3:GetObject, s3:Get* or *";
}

/** Why a text is not a pattern of resources (an ARN, with wildcards, or `*`); null when it is. */
export function refusedResource(text: string, variables: boolean): string | null {
  if (text === "*") return null;
  if (!text.startsWith("arn:")) return "is not an ARN";
  const fifthColon = text.split(":", 5).join(":").length;
  const isWhole = fifthColon < text.length;
  // A star at the end reaches over the colons that are missing.
  if (!isWhole && !text.endsWith("*")) return "is not an ARN of six parts";
  if (!variables) return null;
  if (text.slice(0, fifthColon).includes("${")) return "a policy variable cannot stand before the fifth colon";
  const parts = parseTemplate(text, { wildcards: true, variables });
  return typeof parts === "string" ? parts : null;
}
