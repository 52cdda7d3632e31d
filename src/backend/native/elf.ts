// A shared object that was cut short (a full disk, a broken download) makes the dynamic linker die of SIGBUS, which no
// `catch` sees. So the loader first compares an ELF file's own table of segments with the file's length.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const kHeaderBytes = 64;
const kLoadSegment = 1;

/** Why the file cannot be loaded, or undefined: it is whole, or no 64-bit little-endian ELF file (others decide then). */
export function elfFault(path: string): string | undefined {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const header = Buffer.alloc(kHeaderBytes);
    const got = readSync(file, header, 0, kHeaderBytes, 0);
    if (got < 4 || header.readUInt32BE(0) !== 0x7f454c46) return undefined;
    if (got < kHeaderBytes) return "truncated file";
    if (header[4] !== 2 || header[5] !== 1) return undefined;
    const tableAt = Number(header.readBigUInt64LE(32));
    const sectionsAt = Number(header.readBigUInt64LE(40));
    const entryBytes = header.readUInt16LE(54);
    const entries = header.readUInt16LE(56);
    const sectionsEnd = sectionsAt + header.readUInt16LE(58) * header.readUInt16LE(60);
    const table = Buffer.alloc(entryBytes * entries);
    if (entryBytes < 56 || sectionsEnd > size || readSync(file, table, 0, table.length, tableAt) < table.length)
      return "truncated file";
    for (let at = 0; at < table.length; at += entryBytes) {
      if (table.readUInt32LE(at) !== kLoadSegment) continue;
      const end = Number(table.readBigUInt64LE(at + 8)) + Number(table.readBigUInt64LE(at + 32));
      if (end > size) return "truncated file";
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}
