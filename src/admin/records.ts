/** Control records as the rows of the admin API read them: synchronous, from one snapshot. Never changes anything, never opens a secret. */

import { Directory, type Page, type PageRequest } from "../account/directory.ts";
import { isInForce, lineage } from "../account/lineage.ts";
import { PolicyDirectory } from "../account/policy-directory.ts";
import { limits } from "../base/limits.ts";
import {
  type AccessKeyRecord,
  type AccountRecord,
  type ApiTokenRecord,
  type AuditRecord,
  type GroupRecord,
  type HolderKind,
  identityKeys,
  type KeyUsedRecord,
  type ManagedPolicyRecord,
  type RoleRecord,
  type SessionRecord,
  type UserRecord,
} from "../control/identity-records.ts";
import { type JobRecord, jobKeys } from "../control/job-records.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import { type AddressRange, parseAddress, parseAddressRange, rangeHolds } from "../policy/address-range.ts";
import type { PublicAccessBlock } from "../s3/public-access.ts";

const wholeList: PageRequest = { after: "", limit: limits.directoryPageMax };

/** What is returned is shared: treat it as frozen. Call `refresh` right before a request's first read, and again after any await. */
export class AdminRecords {
  readonly control: ControlReader;
  readonly #directory: Directory;
  readonly #policies: PolicyDirectory;
  /** The operator's id, once it was found: it never changes. */
  #operatorId: string | null = null;

  constructor(control: ControlReader) {
    this.control = control;
    this.#directory = new Directory(control);
    this.#policies = new PolicyDirectory(control);
  }

  refresh(): void {
    this.control.refresh();
  }

  account(accountId: string): AccountRecord | undefined {
    return this.#directory.account(accountId);
  }

  /** Of an account; undefined: none is set. */
  publicAccessBlock(accountId: string): PublicAccessBlock | undefined {
    return this.control.record<PublicAccessBlock>(identityKeys.publicAccessBlock(accountId));
  }

  /** The operator's account; null before there is one. O(accounts), once. */
  operatorId(): string | null {
    for (let after = ""; this.#operatorId === null; ) {
      const page = this.#directory.accounts({ after, limit: limits.directoryPageMax });
      this.#operatorId = page.items.find(({ kind }) => kind === "operator")?.accountId ?? null;
      if (page.next === null) break;
      after = page.next;
    }
    return this.#operatorId;
  }

  childAccounts(parent: string, page: PageRequest): Page<AccountRecord> {
    return this.#directory.accountsBelow(parent, page);
  }

  /** Whether `accountId` stands below `ancestor`, at any depth; an account is not below itself. */
  isBelow(accountId: string, ancestor: string): boolean {
    return accountId !== ancestor && this.#directory.isWithin(accountId, ancestor);
  }

  /** Whether neither the account nor one above it has disabled the choice of sites. */
  mayChooseSites(accountId: string): boolean {
    return lineage((id) => this.account(id), accountId)?.every(({ siteSelection }) => siteSelection) === true;
  }

  /** Whether credentials of the account work from this address: it and all above are active, and its list has the address. */
  mayUse(account: AccountRecord, address: string): boolean {
    return isInForce(lineage((id) => this.account(id), account.accountId)) && isWelcome(account, address);
  }

  user(accountId: string, name: string): UserRecord | undefined {
    return this.#directory.user(accountId, name);
  }

  users(accountId: string, page: PageRequest): Page<UserRecord> {
    return this.#directory.users(accountId, "/", page);
  }

  group(accountId: string, name: string): GroupRecord | undefined {
    return this.#directory.group(accountId, name);
  }

  groups(accountId: string, page: PageRequest): Page<GroupRecord> {
    return this.#directory.groups(accountId, "/", page);
  }

  members(accountId: string, group: string, page: PageRequest): Page<UserRecord> {
    return this.#directory.members(accountId, group, page);
  }

  role(accountId: string, name: string): RoleRecord | undefined {
    return this.#directory.role(accountId, name);
  }

  /** The text of a role's trust policy, with its principals' ARNs of today. */
  trustPolicy(role: RoleRecord): string {
    return this.#directory.trustPolicy(role);
  }

  roles(accountId: string, page: PageRequest): Page<RoleRecord> {
    return this.#directory.roles(accountId, "/", page);
  }

  policy(accountId: string, name: string): ManagedPolicyRecord | undefined {
    return this.control.record<ManagedPolicyRecord>(identityKeys.policy(accountId, name));
  }

  /** The account's own managed policies, by name. */
  policies(accountId: string, { after, limit }: PageRequest): Page<ManagedPolicyRecord> {
    const prefix = identityKeys.policy(accountId, "");
    const keys = this.control.keys(prefix, after === "" ? "" : prefix + after, limit + 1);
    const shown = keys.slice(0, limit);
    return {
      items: shown.flatMap((key) => this.control.record<ManagedPolicyRecord>(key) ?? []),
      next: keys.length > limit ? (shown.at(-1)?.slice(prefix.length) ?? null) : null,
    };
  }

  /** A managed policy that can be attached in the account: its own, or the product's. Null: there is none. */
  attachable(
    accountId: string,
    policyArn: string,
  ): { readonly name: string; readonly description: string | null; readonly document: string } | null {
    const found = this.#policies.policy(policyArn, accountId);
    if (found === undefined) return null;
    const { name, description } = found;
    return { name, description, document: this.#policies.document(policyArn, accountId) ?? "" };
  }

  /** How many users, groups and roles have the policy, or are bounded by it. */
  attachmentCount(policyArn: string, accountId: string): number {
    return (
      this.#policies.attachmentCount(policyArn, accountId, "policy") +
      this.#policies.attachmentCount(policyArn, accountId, "boundary")
    );
  }

  inlinePolicy(kind: HolderKind, accountId: string, holder: string, name: string): string | undefined {
    return this.#directory.inlinePolicy(kind, accountId, holder, name);
  }

  accessKey(accessKeyId: string): AccessKeyRecord | undefined {
    return this.#directory.accessKey(accessKeyId);
  }

  keysOf(accountId: string, user: string): readonly { key: AccessKeyRecord; lastUsed: KeyUsedRecord | null }[] {
    return this.#directory.keysOf(accountId, user, wholeList).items;
  }

  sessionsOf(accountId: string, user: string): readonly SessionRecord[] {
    return this.#directory.sessionsOf(accountId, user, wholeList).items;
  }

  tokensOf(accountId: string, user: string): readonly ApiTokenRecord[] {
    return this.#directory.tokensOf(accountId, user, wholeList).items;
  }

  /** As `Directory.audit`. @param accountId null = of every account */
  audit(accountId: string | null, page: PageRequest, order: "up" | "down" = "up"): Page<AuditRecord> {
    return this.#directory.audit(accountId, page, order);
  }

  bucket(name: string): BucketRecord | undefined {
    return this.control.bucket(name);
  }

  job(jobId: string): JobRecord | undefined {
    return this.control.record<JobRecord>(jobKeys.job(jobId));
  }

  /** An account's jobs, the newest first. */
  jobs(accountId: string, { after, limit }: PageRequest): Page<JobRecord> {
    const prefix = jobKeys.accountJob(accountId, "");
    const keys = this.control.keys(prefix, after === "" ? "" : prefix + after, limit + 1, "down");
    const shown = keys.slice(0, limit).map((key) => key.slice(prefix.length));
    return {
      items: shown.flatMap((id) => this.job(id) ?? []),
      next: keys.length > limit ? (shown.at(-1) ?? null) : null,
    };
  }

  buckets(accountId: string, { after, limit }: PageRequest): Page<BucketRecord> {
    const found = this.control.bucketsOf(accountId, "", after, limit + 1);
    const items = found.slice(0, limit);
    return { items, next: found.length > limit ? (items.at(-1)?.name ?? null) : null };
  }
}

const rangesOf = new WeakMap<AccountRecord, readonly AddressRange[]>();

function isWelcome(account: AccountRecord, text: string): boolean {
  if (account.addressRanges.length === 0) return true;
  const ranges = rangesOf.get(account) ?? account.addressRanges.flatMap((range) => parseAddressRange(range) ?? []);
  rangesOf.set(account, ranges);
  const address = parseAddress(text);
  return address !== null && ranges.some((range) => rangeHolds(range, address));
}
