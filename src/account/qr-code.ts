/** QR codes as SVG text, for the console to show a TOTP secret. Owns the one import of uqr. Source: ISO/IEC 18004. */

import { renderSVG } from "uqr";

/**
 * An `<svg>` element with a quiet zone of four modules, black on white whatever the page's colours; no styles, scripts or ids,
 * so that a content security policy lets it through.
 * @param text at most 500 ASCII characters
 * @throws RangeError when it is longer
 */
export function qrCodeSvg(text: string): string {
  if (text.length > textCharsMax) throw new RangeError(`a QR code here has at most ${textCharsMax} characters`);
  return renderSVG(text, { ecc: "M", border: 4, whiteColor: "#fff", blackColor: "#000" });
}

/** What a camera still reads from a screen at arm's length. */
const textCharsMax = 500;
