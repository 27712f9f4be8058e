/** The shape of refusals: codes by name, request ids on every answer, no body for HEAD, and what is ignored. */

import { connect } from "node:net";
import { eachFront, element, outcome } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";

const test = eachFront();

test("every_answer_has_request_ids", async (t, { bucket, signed, plain }) => {
  const answers = [
    await signed({ method: "GET", target: "/" }),
    await signed({ method: "PUT", target: `/${bucket}/k`, body: "x" }),
    await signed({ method: "GET", target: `/${bucket}/k` }),
    await signed({ method: "HEAD", target: `/${bucket}/absent` }),
    await signed({ method: "GET", target: `/${bucket}/absent` }),
    await signed({ method: "DELETE", target: `/${bucket}/k` }),
    await signed({ method: "PATCH", target: `/${bucket}/k` }),
    await plain({ method: "GET", target: "/" }),
    await plain({ method: "GET", target: "/%zz" }),
  ];
  for (const { status, headers } of answers) {
    t.regex(String(headers["x-amz-request-id"]), /^[0-9A-Z]{16}$/, String(status));
    t.truthy(headers["x-amz-id-2"], String(status));
    t.truthy(headers["date"], String(status));
  }
  t.is(new Set(answers.map(({ headers }) => headers["x-amz-request-id"])).size, answers.length);
});

test("errors_are_XML_with_the_resource_and_the_id", async (t, { bucket, signed }) => {
  const answer = await signed({ method: "GET", target: `/${bucket}/a%20b&c` });
  t.is(outcome(answer), "404 NoSuchKey");
  t.is(answer.headers["content-type"], "application/xml");
  t.is(element(answer, "RequestId"), String(answer.headers["x-amz-request-id"]));
  t.is(element(answer, "HostId"), String(answer.headers["x-amz-id-2"]));
  t.is(element(answer, "Key"), "a b&amp;c");
  t.truthy(element(answer, "Resource"));
  t.truthy(element(answer, "Message"));
});

test("HeadObject_absent_404_without_a_body", async (t, { bucket, signed }) => {
  const { status, body, headers } = await signed({ method: "HEAD", target: `/${bucket}/absent` });
  t.is(status, 404);
  t.is(body.length, 0);
  t.is(headers["transfer-encoding"], undefined);
});

test("operations_that_are_not_served_501_by_name", async (t, { bucket, signed }) => {
  for (const [method, rest, operation] of [
    ["GET", "/k?torrent", "GetObjectTorrent"],
    ["POST", "/k?restore", "RestoreObject"],
    ["POST", "/k?select&select-type=2", "SelectObjectContent"],
  ] as const) {
    const answer = await signed({ method, target: `/${bucket}${rest}` });
    t.is(outcome(answer), "501 NotImplemented", `${method} ${rest}`);
    t.true(element(answer, "Message")?.includes(operation), `${operation}: ${element(answer, "Message")}`);
  }
});

test("query_words_without_a_meaning_are_ignored", async (t, { bucket, signed }) => {
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/k?x-id=PutObject`, body: "x" })), "200");
  for (const query of ["v=3", "x-id=GetObject", "foo", "metadata=true", "list-type=2", "a=%20&b=%2F"])
    t.is((await signed({ method: "GET", target: `/${bucket}/k?${query}` })).body.toString(), "x", query);
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}?list-type=2&metadata=true` })), "200");
});

test("methods_without_a_meaning_405", async (t, { bucket, signed }) => {
  for (const [method, target] of [
    ["PATCH", `/${bucket}/k`],
    ["POST", `/${bucket}/k`],
    ["DELETE", "/"],
    ["PUT", "/"],
    ["PATCH", "/"],
    ["DELETE", `/${bucket}?acl`],
    ["PUT", `/${bucket}/k?uploads`],
    ["DELETE", `/${bucket}/k?retention`],
    ["POST", `/${bucket}?acl`],
  ] as const)
    t.is(outcome(await signed({ method, target })), "405 MethodNotAllowed", `${method} ${target}`);
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}` })), "200");
});

test("health_is_answered_without_a_signature", async (t, { plain }) => {
  for (const target of ["/health/live", "/health/ready"]) t.is((await plain({ method: "GET", target })).status, 200);
});

test("PutObject_headers_that_promise_what_is_not_served", async (t, { bucket, signed }) => {
  for (const [name, value, expected] of [
    ["x-amz-server-side-encryption", "aws:kms:dsse", "501 NotImplemented"],
    ["x-amz-acl", "public-read", "200"],
    ["x-amz-grant-write", "id=x", "501 NotImplemented"],
    ["x-amz-acl", "private", "200"],
    ["x-amz-acl", "everyone", "400 InvalidArgument"],
    ["x-amz-storage-class", "STANDARD_IA", "200"],
    ["x-amz-storage-class", "PAPER", "400 InvalidStorageClass"],
    ["x-amz-object-lock-mode", "COMPLIANCE", "400 InvalidRequest"],
    ["x-amz-expected-bucket-owner", "000000000000", "403 AccessDenied"],
  ] as const) {
    const answer = await signed({ method: "PUT", target: `/${bucket}/k`, body: "x", headers: { [name]: value } });
    t.is(outcome(answer), expected, `${name}: ${value}`);
  }
});

test("PutObject_key_of_1024_bytes_200_of_1025_400", async (t, { bucket, signed }) => {
  for (const [key, expected] of [
    ["k".repeat(1024), "200"],
    ["k".repeat(1025), "400 KeyTooLongError"],
    ["%C3%BC".repeat(512), "200"],
    ["%C3%BC".repeat(513), "400 KeyTooLongError"],
  ] as const)
    t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/${key}`, body: "x" })), expected);
});

test("PutObject_metadata_of_more_than_2048_bytes_400", async (t, { bucket, signed }) => {
  const put = async (length: number): Promise<string> => {
    const headers = { "x-amz-meta-abcd": "x".repeat(length - 4) };
    return outcome(await signed({ method: "PUT", target: `/${bucket}/k`, body: "x", headers }));
  };
  t.is(await put(2048), "200");
  t.is(await put(2049), "400 MetadataTooLarge");
});

test("PutObject_ten_tags_200_eleven_or_malformed_400", async (t, { bucket, signed }) => {
  const put = async (tagging: string): Promise<string> =>
    outcome(await signed({ method: "PUT", target: `/${bucket}/k`, body: "x", headers: { "x-amz-tagging": tagging } }));
  const tags = (count: number): string => Array.from({ length: count }, (_, index) => `k${index}=v`).join("&");
  t.is(await put(tags(10)), "200");
  t.regex(await put(tags(11)), /^400 (InvalidTag|BadRequest)$/);
  t.is(await put("a=1&a=2"), "400 InvalidArgument");
});

/** Sends a head and no body. @returns what comes before the connection ends, an error's document is whole, or a while has passed */
async function headOnly(endpoint: string, head: string): Promise<string> {
  const { port, host } = new URL(endpoint);
  const socket = connect(Number(port), "127.0.0.1");
  let received = "";
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 60_000);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on("data", (piece) => {
      received += piece.toString("latin1");
      if (received.includes("</Error>")) end();
    });
    socket.on("close", end);
    socket.on("error", () => undefined);
    socket.write(`${head.replace("HOST", host)}\r\n\r\n`);
  });
  socket.destroy();
  return received;
}

test("PutObject_refused_before_its_body_has_come", async (t, { bucket, endpoint }) => {
  for (const expect of ["", "\r\nExpect: 100-continue"]) {
    const unsigned = `PUT /${bucket}/k HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5000000${expect}`;
    t.regex(await headOnly(endpoint, unsigned), /HTTP\/1.1 403 [\s\S]*AccessDenied/, expect);
    const target = presign({ endpoint, ...testKeys }, "PUT", `/${bucket}/k`);
    const tooLarge = `PUT ${target} HTTP/1.1\r\nHost: HOST\r\nContent-Length: ${5 * 1024 ** 3 + 1}${expect}`;
    t.regex(await headOnly(endpoint, tooLarge), /HTTP\/1.1 400 [\s\S]*EntityTooLarge/, expect);
  }
});

test("any_request_path_that_is_no_URI_400", async (t, { bucket, signed }) => {
  for (const key of ["%zz", "%", "a%C0%AF", "%ED%A0%80", "%00"])
    t.is(outcome(await signed({ method: "GET", target: `/${bucket}/${key}` })), "400 InvalidURI", key);
});
