import test from "ava";
import * as jsqr from "jsqr";
import { systemRandom } from "../base/random.ts";
import { qrCodeSvg } from "./qr-code.ts";
import { newTotpSecret, totpUri } from "./totp.ts";

/** The package is a CommonJS function that its types call a default export. */
const jsQr = jsqr.default as unknown as typeof jsqr.default.default;

const scale = 4;

/** Draws what the SVG's paths and rectangles say, in black and white, and lets a decoder look at the picture. */
function decode(svg: string): string | undefined {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]);
  const side = size * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  const paint = (x: number, y: number, width: number, height: number) => {
    for (let row = y * scale; row < (y + height) * scale; row++) {
      for (let column = x * scale; column < (x + width) * scale; column++) {
        pixels.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
      }
    }
  };
  for (const [, x, y, width, height] of svg.matchAll(/M(\d+),(\d+)h(\d+)v(\d+)h-\d+z/g)) {
    paint(Number(x), Number(y), Number(width), Number(height));
  }
  return jsQr(pixels, side, side)?.data;
}

test("a camera reads from the picture what was put in", (t) => {
  const uri = totpUri(newTotpSecret(systemRandom), "Troupe", "ann@example.com");
  t.is(decode(qrCodeSvg(uri)), uri);
  const long = totpUri(newTotpSecret(systemRandom), "I".repeat(64), `${"a".repeat(64)}@${"b".repeat(180)}.com`);
  t.is(decode(qrCodeSvg(long)), long);
});

test("the picture has no scripts, styles or addresses, and says how large it is", (t) => {
  const svg = qrCodeSvg("otpauth://totp/x");
  t.regex(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 (\d+) \1"/);
  t.false(/<script|style=|href|on[a-z]+=|\bid=/.test(svg));
  t.is(svg.match(/https?:/g)?.length, 1);
});

test("too long a text is refused", (t) => {
  t.throws(() => qrCodeSvg("x".repeat(501)), { instanceOf: RangeError });
});
