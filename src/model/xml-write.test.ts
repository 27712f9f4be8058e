import test from "ava";
import { body } from "./member.ts";
import { list, string, structure } from "./shape.ts";
import { compileXmlWriter, escapeXml } from "./xml-write.ts";

test("escapes what XML text cannot hold as it is", (t) => {
  t.is(escapeXml(`a<b>&"'`), "a&lt;b&gt;&amp;&quot;'");
  t.is(escapeXml("a\r\n\tb"), "a&#13;\n\tb");
  t.is(escapeXml("\u0001\u001f\u007f\u0085\u2028\uffff"), "&#1;&#31;&#127;&#133;&#8232;&#65535;");
  t.is(escapeXml("plain é \u{1f600}"), "plain é \u{1f600}");
});

test("writes AWS's namespace on the root, lists flattened or not, and leaves out what is absent", (t) => {
  const Result = structure("Result", {
    Name: body(string),
    Absent: body(string),
    Keys: body(list(string), { xmlName: "Key", xmlFlattened: true }),
    Buckets: body(list(structure("Bucket", { Name: body(string) }), "Bucket")),
  });
  const write = compileXmlWriter("Result", Result);
  t.is(
    write({ Name: "n", Keys: ["a", "b"], Buckets: [{ Name: "x" }] }),
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<Result xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>n</Name><Key>a</Key><Key>b</Key>' +
      "<Buckets><Bucket><Name>x</Name></Bucket></Buckets></Result>",
  );
  t.is(
    write({ Buckets: [] }),
    '<?xml version="1.0" encoding="UTF-8"?>\n<Result xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets></Buckets></Result>',
  );
});

test("an unwrapped structure is its member's text in the root", (t) => {
  const Location = structure(
    "O",
    { LocationConstraint: body(string) },
    { xmlName: "LocationConstraint", xmlUnwrapped: true },
  );
  const write = compileXmlWriter("LocationConstraint", Location);
  const head =
    '<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  t.is(write({ LocationConstraint: "eu-west-1" }), `${head}>eu-west-1</LocationConstraint>`);
  t.is(write({}), `${head}/>`);
});
