// The IDX format of MNIST and its relatives: a magic number, big-endian dimensions, then the elements.
// Plain or gzip-compressed; strict about every byte. Not for finding data sets (idx-dataset.ts).
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { arrayKind } from "../core/checks.ts";
import { fault, wrongKind } from "../core/errors.ts";

export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

export interface IdxArray {
  readonly shape: readonly number[];
  /** The elements, row-major, in host byte order. */
  readonly data: IdxData;
}

interface ElementType {
  readonly bytes: number;
  read(view: DataView, offset: number, count: number): IdxData;
}

function elements<A extends IdxData>(make: (count: number) => A, bytes: number, get: (v: DataView, at: number) => number) {
  return {
    bytes,
    read(view: DataView, offset: number, count: number): IdxData {
      const out = make(count);
      for (let i = 0; i < count; i++) out[i] = get(view, offset + i * bytes);
      return out;
    },
  };
}

const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [
    0x08,
    {
      bytes: 1,
      read: (view, offset, count) => new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + offset, count).slice(),
    },
  ],
  [
    0x09,
    elements(
      (n) => new Int8Array(n),
      1,
      (v, at) => v.getInt8(at),
    ),
  ],
  [
    0x0b,
    elements(
      (n) => new Int16Array(n),
      2,
      (v, at) => v.getInt16(at),
    ),
  ],
  [
    0x0c,
    elements(
      (n) => new Int32Array(n),
      4,
      (v, at) => v.getInt32(at),
    ),
  ],
  [
    0x0d,
    elements(
      (n) => new Float32Array(n),
      4,
      (v, at) => v.getFloat32(at),
    ),
  ],
  [
    0x0e,
    elements(
      (n) => new Float64Array(n),
      8,
      (v, at) => v.getFloat64(at),
    ),
  ],
]);

/** Files beyond this many bytes (unpacked) are refused, so that a small hostile gzip file cannot exhaust the memory. */
const DEFAULT_MAX_BYTES = 2_147_483_648;

function unpack(bytes: Uint8Array, name: string, maxBytes: number): Uint8Array {
  if (bytes.length < 2 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw fault("ERR_FORMAT", `${name}: damaged gzip data, or more than ${maxBytes} bytes unpacked`, { cause });
  }
}

/**
 * Reads an IDX array from bytes, gzip-compressed or not. The length must match the header exactly.
 * @param name how error messages call the input.
 * @throws Error ERR_FORMAT naming what is wrong; TypeError ERR_DTYPE.
 */
export function parseIdx(
  bytes: Uint8Array,
  { name = "idx", maxBytes = DEFAULT_MAX_BYTES }: { readonly name?: string; readonly maxBytes?: number } = {},
): IdxArray {
  if (arrayKind(bytes) !== "Uint8Array") throw wrongKind("bytes", "a Uint8Array", bytes);
  const plain = unpack(bytes, name, maxBytes);
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  if (plain.length < 4) throw fault("ERR_FORMAT", `${name}: expected at least 4 bytes, received ${plain.length}`);
  const type = ELEMENT_TYPES.get(plain[2]!);
  if (view.getUint16(0) !== 0 || type === undefined) {
    throw fault("ERR_FORMAT", `${name}: expected an IDX magic number (0x00 0x00 type rank), received ${hex(plain)}`);
  }
  const rank = plain[3]!;
  const header = 4 + 4 * rank;
  if (rank === 0 || plain.length < header) {
    throw fault(
      "ERR_FORMAT",
      `${name}: expected a header of 1 or more dimensions, received rank ${rank} in ${plain.length} bytes`,
    );
  }
  const shape: number[] = [];
  let count = 1;
  for (let axis = 0; axis < rank; axis++) {
    const dimension = view.getUint32(4 + 4 * axis);
    shape.push(dimension);
    count *= dimension;
    if (count > maxBytes) throw fault("ERR_FORMAT", `${name}: dimensions ${shape.join(" × ")} exceed ${maxBytes} elements`);
  }
  const expected = header + count * type.bytes;
  if (plain.length !== expected) {
    throw fault("ERR_FORMAT", `${name}: ${shape.join(" × ")} needs ${expected} bytes, received ${plain.length}`);
  }
  return { shape, data: type.read(view, header, count) };
}

function hex(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Reads an IDX file, gzip-compressed or not. Errors as parseIdx, plus the system's own for the file. */
export async function readIdx(path: string): Promise<IdxArray> {
  return parseIdx(await readFile(path), { name: path });
}
