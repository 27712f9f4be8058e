/** Tag sets and ACLs of the suite, by name, and how answers show them. */

import type { Expected, Tag } from "./state.ts";
import type { ErrorCode } from "./vocabulary.ts";

/** Tag sets by name: one that S3 takes, or its refusal. */
export const tagSets: Readonly<Record<string, readonly Tag[] | ErrorCode>> = {
  none: [],
  one: [["a", "1"]],
  two: [
    ["colour", "blue"],
    ["x y", "z/w=1"],
  ],
  ten: Array.from({ length: 10 }, (_, at): Tag => [`k${at}`, ""]),
  eleven: "BadRequest",
  twice: "InvalidTag",
  "long key": "InvalidTag",
  "aws:": "InvalidTag",
  malformed: "MalformedXML",
};

const wrongTags: Readonly<Record<string, readonly Tag[]>> = {
  eleven: Array.from({ length: 11 }, (_, at): Tag => [`k${at}`, ""]),
  twice: [
    ["a", "1"],
    ["a", "2"],
  ],
  "long key": [["k".repeat(129), "v"]],
  "aws:": [["aws:x", "v"]],
};

export function taggingDocument(choice: string): string {
  const set = tagSets[choice];
  const tags = typeof set === "string" ? wrongTags[choice] : set;
  if (tags === undefined) return "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>";
  return taggingXml(tags);
}

export function taggingXml(tags: readonly Tag[]): string {
  const elements = tags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`);
  return `<Tagging><TagSet>${elements.join("")}</TagSet></Tagging>`;
}

export const shownTags = (tags: readonly Tag[]): Expected => ({
  Tagging: { TagSet: tags.length === 0 ? {} : { Tag: tags.map(([Key, Value]) => ({ Key, Value })) } },
});

/** What a canned ACL grants to groups. Source: AWS "Access control list (ACL) overview", "Canned ACL". */
export const groupGrants: Readonly<Record<string, readonly (readonly [group: string, permission: string])[]>> = {
  private: [],
  "public-read": [["global/AllUsers", "READ"]],
  "public-read-write": [
    ["global/AllUsers", "READ"],
    ["global/AllUsers", "WRITE"],
  ],
  "authenticated-read": [["global/AuthenticatedUsers", "READ"]],
};

/** @param grantsBeside after the owner's and before those of groups */
export function shownAcl(acl: string, owner: Expected, grantsBeside: readonly Expected[] = []): Expected {
  const grants = groupGrants[acl] ?? [];
  return {
    AccessControlPolicy: {
      Owner: owner,
      AccessControlList: {
        Grant: [
          { Grantee: owner, Permission: "FULL_CONTROL" },
          ...grantsBeside,
          ...grants.map(([group, Permission]) => ({
            Grantee: { URI: `http://acs.amazonaws.com/groups/${group}` },
            Permission,
          })),
        ],
      },
    },
  };
}
