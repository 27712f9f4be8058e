import test from "ava";
import { consoleLink } from "./console-link.ts";

test("a link stands under the configured URL, its token behind the #", (t) => {
  t.is(
    String(consoleLink("https://console.example.com", "/invite", "trp_invite_a1")),
    "https://console.example.com/invite#trp_invite_a1",
  );
  t.is(String(consoleLink("http://[::1]:9001", "/", null)), "http://[::1]:9001/");
});

test("what is not of that form makes no link", (t) => {
  const link = { message: /scheme and a host|path of the console|a token/ };
  for (const url of [
    "",
    "example.com",
    "javascript:alert(1)",
    "https://a@evil.example",
    "https://a/b",
    "https://a?b",
    "//a",
  ]) {
    t.throws(() => consoleLink(url, "/invite", null), link, url);
  }
  for (const path of ["", "invite", "//evil.example/", "/a?b", "/a#b", "/..", "/a b"]) {
    t.throws(() => consoleLink("https://a", path, null), link, path);
  }
  for (const token of ["", "a b", 'a"b', "a#b", "a\r\nb"])
    t.throws(() => consoleLink("https://a", "/", token), link, token);
});
