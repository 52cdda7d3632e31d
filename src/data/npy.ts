// NumPy's .npy format, versions 1 to 3: reading every numeric dtype, writing little-endian C order.

import { readFile, writeFile } from "node:fs/promises";
import { arrayKind } from "../core/checks.ts";
import { fault, wrongKind } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { NumericArray } from "../core/types.ts";

export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major (C order), in host byte order. bool reads as Uint8Array of 0 and 1. */
  readonly data: NumericArray;
}

const KINDS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  b1: Uint8Array,
} as const;

const MAGIC = "\x93NUMPY";
/** NumPy's own headers stay below a few hundred bytes; more than this is refused. */
const MAX_HEADER = 65536;

interface Header {
  readonly kind: keyof typeof KINDS;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

function parseHeader(text: string, name: string): Header {
  const descr = /['"]descr['"]\s*:\s*['"]([<>|=])([fiub])([1248])['"]/.exec(text);
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text);
  const shape = /['"]shape['"]\s*:\s*\(([\d\s,]*)\)/.exec(text);
  const kind = descr && `${descr[2]}${descr[3]}`;
  if (!descr || !fortran || !shape || !kind || !(kind in KINDS))
    throw fault("ERR_FORMAT", `${name}: expected a numeric .npy header, received ${text.trim().slice(0, 120)}`);
  const dimensions = shape[1]!.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));
  if (dimensions.some((dimension) => !Number.isSafeInteger(dimension)))
    throw fault("ERR_FORMAT", `${name}: expected dimensions below 2^53, received (${shape[1]})`);
  return {
    kind: kind as keyof typeof KINDS,
    bigEndian: descr[1] === ">",
    fortran: fortran[1] === "True",
    shape: dimensions,
  };
}

/** Reads a .npy array. @throws Error ERR_FORMAT for anything but a complete numeric array; TypeError ERR_DTYPE. */
export function parseNpy(bytes: Uint8Array, { name = "npy" }: { readonly name?: string } = {}): NpyArray {
  if (arrayKind(bytes) !== "Uint8Array") throw wrongKind("bytes", "a Uint8Array", bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString("latin1") !== MAGIC || !version || version > 3)
    throw fault("ERR_FORMAT", `${name}: expected a .npy file of version 1, 2 or 3`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER || start + length > bytes.length)
    throw fault("ERR_FORMAT", `${name}: expected a header inside the file, received ${length} bytes`);
  const header = parseHeader(Buffer.from(bytes.subarray(start, start + length)).toString("utf8"), name);
  const count = elementCount(header.shape);
  const Kind = KINDS[header.kind];
  const body = new Uint8Array(bytes.subarray(start + length)); // a copy, aligned; Buffer.slice would share
  if (count * Kind.BYTES_PER_ELEMENT !== body.length) {
    throw fault(
      "ERR_FORMAT",
      `${name}: (${header.shape.join(", ")}) of ${header.kind} needs ${count * Kind.BYTES_PER_ELEMENT} bytes, received ${body.length}`,
    );
  }
  if (header.bigEndian) swapBytes(body, Kind.BYTES_PER_ELEMENT);
  const data = new Kind(body.buffer, 0, count);
  return { shape: header.shape, data: header.fortran ? toRowMajor(data, header.shape) : data };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

function toRowMajor(data: NumericArray, shape: readonly number[]): NumericArray {
  const out = data.slice() as NumericArray;
  const index = shape.map(() => 0);
  const strides: number[] = [];
  shape.reduce((stride, dimension, axis) => {
    strides[axis] = stride;
    return stride * dimension;
  }, 1);
  for (let i = 0; i < out.length; i++) {
    out[i] = data[index.reduce((offset, at, axis) => offset + at * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}

function kindOf(data: NumericArray): keyof typeof KINDS {
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  const entry = Object.entries(KINDS).find(([, type]) => type.name === tag);
  if (entry === undefined) throw wrongKind("data", "a numeric typed array", data);
  return entry[0] as keyof typeof KINDS;
}

/** The bytes of a version 1.0 .npy file. @throws RangeError ERR_SHAPE where the shape's product is not data.length. */
export function encodeNpy(data: NumericArray, shape: readonly number[] = [data.length]): Uint8Array {
  const kind = kindOf(data);
  const count = elementCount(shape);
  if (count !== data.length) throw fault("ERR_SHAPE", `shape: expected a product of ${data.length}, received ${count}`);
  const order = kind.endsWith("1") ? "|" : "<";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const header = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11, " ") + "\n";
  const out = new Uint8Array(10 + header.length + data.byteLength);
  Buffer.from(out.buffer).write(MAGIC, "latin1");
  out[6] = 1;
  new DataView(out.buffer).setUint16(8, header.length, true);
  Buffer.from(out.buffer).write(header, 10, "latin1");
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length);
  return out;
}

export async function readNpy(path: string): Promise<NpyArray> {
  return parseNpy(await readFile(path), { name: path });
}

export async function writeNpy(path: string, data: NumericArray, shape?: readonly number[]): Promise<void> {
  await writeFile(path, encodeNpy(data, shape));
}
