/**
 * Touches memory once and gives it back, in a process of its own: on a virtual machine the first touch of a page can cost
 * ten times the later ones, and would be charged to whichever server comes first.
 */

import { freemem } from "node:os";

const pieceBytes = 64 << 20;
const bytesMax = 4 * 2 ** 30;

const bytes = Math.min(bytesMax, freemem() / 2);
const pieces: Buffer[] = [];
for (let touched = 0; touched < bytes; touched += pieceBytes) pieces.push(Buffer.alloc(pieceBytes, 1));
process.exitCode = pieces.length > 0 ? 0 : 1;
