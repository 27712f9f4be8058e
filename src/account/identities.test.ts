import test from "ava";
import { IdentitiesError, parseIdentities } from "./identities.ts";

const key = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a-secret-of-some-length" };
const account = {
  accountId: "123456789012",
  canonicalId: "any string",
  displayName: "One & Only",
  kind: "customer",
  root: { email: "root@example.com" },
};

const allow = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::photos/*" };

function problems(document: unknown): string[] {
  const error = problemsError(JSON.stringify(document));
  return error.problems.map((problem) => `${problem.pointer}: ${problem.message}`);
}

function problemsError(text: string): IdentitiesError {
  try {
    parseIdentities(text, "ids.json");
  } catch (error) {
    if (error instanceof IdentitiesError) return error;
    throw error;
  }
  throw new Error("the document was accepted");
}

test("a full document and a minimal one are taken as they are", (t) => {
  const full = {
    accounts: [
      {
        ...account,
        accountId: "000000000001",
        canonicalId: "op",
        kind: "operator",
        root: { email: "o@x", password: "p", keys: [key] },
      },
      { ...account, accountId: "000000000002", canonicalId: "rs", kind: "reseller", parent: "000000000001" },
      {
        ...account,
        parent: "000000000002",
        users: [
          { name: "ann", email: "ann@example.com", role: "admin" },
          {
            name: "Bob B.",
            email: "bob@example.com",
            role: "user",
            password: "pässword",
            policies: ["AdministratorAccess", { Version: "2012-10-17", Statement: [allow] }],
            keys: [{ ...key, accessKeyId: "minioadmin" }],
          },
        ],
      },
    ],
  };
  t.deepEqual(parseIdentities(JSON.stringify(full)) as unknown, full);
  const minimal = { accounts: [account] };
  t.deepEqual(parseIdentities(`\uFEFF${JSON.stringify(minimal)}`) as unknown, minimal);
  t.deepEqual(parseIdentities('{"accounts":[]}').accounts, []);
});

test("all errors are reported at once, each with its place", (t) => {
  const document = {
    account: [],
    accounts: [
      { ...account, accountId: "12", kind: "owner", displayname: "x" },
      {
        ...account,
        root: {
          mail: "root@example.com",
          keys: [
            { ...key, secretAccessKey: "short" },
            { accesskey: "x", ...key },
          ],
        },
      },
      {
        ...account,
        users: [
          { name: "root", email: "nobody", role: "root" },
          { email: "a@b", role: "user", polices: [] },
        ],
      },
    ],
  };
  t.deepEqual(problems(document), [
    "/accounts/0/accountId: must be 12 digits",
    '/accounts/0/kind: must be "operator" or "reseller" or "customer"',
    '/accounts/0/displayname: is not known; did you mean "displayName"?',
    "/accounts/1/root/email: is missing (string)",
    "/accounts/1/root/keys/0/secretAccessKey: must be 8 to 128 printable ASCII characters without spaces",
    '/accounts/1/root/keys/1/accesskey: is not known; did you mean "accessKeyId"?',
    '/accounts/1/root/mail: is not known; did you mean "email"?',
    '/accounts/2/users/0/name: must not be "root": that is the account\'s Root',
    "/accounts/2/users/0/email: must be an e-mail address",
    '/accounts/2/users/0/role: must be "admin" or "user"',
    "/accounts/2/users/1/name: is missing (string)",
    '/accounts/2/users/1/polices: is not known; did you mean "policies"?',
    '/account: is not known; did you mean "accounts"?',
  ]);
});

test("policies are read strictly, and problems say where", (t) => {
  const user = { name: "ann", email: "ann@example.com", role: "user" };
  const policies = [
    "AdministratorAcess",
    { Version: "2012-10-17", Statement: [{ ...allow, Condition: { StringEqual: { "aws:username": "ann" } } }] },
    { Version: "2012-10-17", Statement: [{ ...allow, Sid: "s", Resources: "*" }] },
    "AmazonS3ReadOnlyAccess",
  ];
  const found = problems({ accounts: [{ ...account, users: [{ ...user, policies }] }] });
  t.deepEqual(
    found.map((problem) => problem.split(":")[0]),
    ["0", "1", "2"].map((index) => `/accounts/0/users/0/policies/${index}`),
  );
  t.regex(found[0] ?? "", /did you mean "AdministratorAccess"/);
  t.regex(found[1] ?? "", /StringEqual.*\/Statement\/0/);
  t.regex(found[2] ?? "", /Resources.*\/Statement\/0/);
});

test("accounts do not stand above each other without end", (t) => {
  const accounts = Array.from({ length: 10 }, (_, index) => ({
    ...account,
    accountId: `10000000000${index}`,
    canonicalId: `c${index}`,
    kind: index === 0 ? "operator" : "reseller",
    ...(index === 0 ? {} : { parent: `10000000000${index - 1}` }),
  }));
  t.deepEqual(problems({ accounts }), [
    "/accounts/8/parent: more than 8 accounts stand above each other",
    "/accounts/9/parent: more than 8 accounts stand above each other",
  ]);
});

test("what may exist once only is refused twice", (t) => {
  const document = {
    accounts: [
      { ...account, root: { ...account.root, keys: [key, key] } },
      {
        ...account,
        users: [
          { name: "a", email: "a@b", role: "user" },
          { name: "a", email: "a@b", role: "user", keys: [key] },
        ],
      },
    ],
  };
  t.deepEqual(problems(document), [
    "/accounts/0/root/keys/1/accessKeyId: the same accessKeyId stands at /accounts/0/root/keys/0/accessKeyId",
    "/accounts/1/accountId: the same accountId stands at /accounts/0/accountId",
    "/accounts/1/canonicalId: the same canonicalId stands at /accounts/0/canonicalId",
    "/accounts/1/users/1/name: the same user name in account 123456789012 stands at /accounts/1/users/0/name",
    "/accounts/1/users/1/keys/0/accessKeyId: the same accessKeyId stands at /accounts/0/root/keys/0/accessKeyId",
  ]);
});

test("parents make a tree below operators and resellers", (t) => {
  const entry = (accountId: string, kind: string, parent?: string) => ({
    ...account,
    accountId,
    canonicalId: accountId,
    kind,
    parent,
  });
  t.deepEqual(
    problems({
      accounts: [
        entry("000000000001", "operator", "000000000002"),
        entry("000000000002", "reseller", "000000000003"),
        entry("000000000003", "reseller", "000000000002"),
        entry("000000000004", "customer", "000000000004"),
        entry("000000000005", "customer", "000000000004"),
        entry("000000000006", "customer", "999999999999"),
      ],
    }),
    [
      "/accounts/0/parent: an operator has no account above it",
      "/accounts/1/parent: the accounts stand above each other in a circle",
      "/accounts/2/parent: the accounts stand above each other in a circle",
      "/accounts/3/parent: the accounts stand above each other in a circle",
      "/accounts/4/parent: the accounts stand above each other in a circle",
    ],
  );
});

test("no secret gets into an error", (t) => {
  const secret = "hunter2-hunter2";
  const texts = [
    `{"accounts": [{"root": {"password": "${secret}" "x"}}]}`,
    JSON.stringify({
      accounts: [
        { ...account, root: { email: "r@x", password: [secret], keys: [{ ...key, secretAccessKey: `${secret}\n` }] } },
      ],
    }),
    JSON.stringify({ accounts: secret }),
  ];
  for (const text of texts) t.false(problemsError(text).message.includes("hunter2"), text);
});

test("hostile documents are errors, not crashes", (t) => {
  for (const text of ["", "null", "[]", "1", '{"accounts":{"length":1}}', '{"accounts":[null]}', "[".repeat(100_000)]) {
    t.true(problemsError(text).problems.length > 0, text.slice(0, 20));
  }
  const polluted = `{"accounts":[{"__proto__":{"kind":"operator"},"accountId":"123456789012"}]}`;
  t.true(problemsError(polluted).problems.some((problem) => problem.pointer === "/accounts/0/kind"));
  const large = {
    accounts: [
      { ...account, users: [{ name: "a", email: "a@b", role: "user", policies: [{ Big: "x".repeat(50_000) }] }] },
    ],
  };
  t.deepEqual(problems(large), ["/accounts/0/users/0/policies: must be at most 49152 bytes in all"]);
});
