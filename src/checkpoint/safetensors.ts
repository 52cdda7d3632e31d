// The safetensors format: encode and decode, strict about every byte. Not for files (file.ts) or meaning (checkpoint.ts).
// Layout: u64 little-endian header length, JSON header padded with spaces, then the tensors without holes.

import { arrayKind } from "../core/checks.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { NumericArray } from "../core/types.ts";
import { parseStrictObject } from "./json-header.ts";

/** The format's names; F16 and BF16 are held as their bits in a Uint16Array, BOOL as 0 and 1. */
export type StoredDtype = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U64" | "U32" | "U16" | "U8" | "BOOL";

export interface StoredTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly data: NumericArray;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const STORAGE = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** The reference implementation's own limit. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The dtype a typed array is stored as unless the caller says otherwise. */
export function storedDtype(data: NumericArray): StoredDtype {
  const tag = Object.prototype.toString.call(data).slice(8, -1);
  const found = Object.entries(STORAGE).find(
    ([name, type]) => type.name === tag && name !== "F16" && name !== "BF16" && name !== "BOOL",
  );
  if (found === undefined) throw wrongKind("data", "a numeric typed array", data);
  return found[0] as StoredDtype;
}

/** Copies `data` as little-endian bytes to `out` at `offset`, every float NaN as the canonical one. */
function writeTensor(out: Uint8Array, offset: number, { data, dtype }: StoredTensor): void {
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
  if (dtype !== "F32" && dtype !== "F64") return;
  const view = new DataView(out.buffer, out.byteOffset + offset, data.byteLength);
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    if (!Number.isNaN(x)) continue;
    if (dtype === "F32") view.setUint32(4 * i, 0x7fc00000, true);
    else view.setBigUint64(8 * i, 0x7ff8000000000000n, true);
  }
}

/**
 * Encodes named tensors. The header is padded so that data start at a multiple of 8; wider elements come first, so that
 * every tensor is aligned to its element. The same input gives the same bytes.
 * @throws RangeError ERR_SHAPE, ERR_OPTION; TypeError ERR_DTYPE.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = [...tensors].map(([name, tensor]) => {
    if (name === "__metadata__") throw wrongValue("tensors", "names other than __metadata__", name, "ERR_OPTION");
    const count = elementCount(tensor.shape);
    if (count !== tensor.data.length)
      throw wrongValue(`tensors["${name}"].shape`, `a product of ${tensor.data.length}`, count, "ERR_SHAPE");
    return { name, tensor };
  });
  entries.sort((a, b) => b.tensor.data.BYTES_PER_ELEMENT - a.tensor.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1));
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let offset = 0;
  for (const { name, tensor } of entries) {
    const end = offset + tensor.data.byteLength;
    header.push([name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = Buffer.from(`{${header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES)
    throw wrongValue("tensors", `a header of at most ${MAX_HEADER_BYTES} bytes`, headerBytes, "ERR_OPTION");
  const out = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8, 8 + headerBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.set(json, 8);
  let at = 8 + headerBytes;
  for (const { tensor } of entries) {
    writeTensor(out, at, tensor);
    at += tensor.data.byteLength;
  }
  return out;
}

/** Checks the header length alone, so that a reader of files can refuse before it reads. @throws Error ERR_FORMAT. */
export function checkHeaderLength(declared: bigint, fileBytes: number, name: string): number {
  if (declared > BigInt(MAX_HEADER_BYTES) || Number(declared) > fileBytes - 8) {
    throw fault("ERR_FORMAT", `${name}: header of ${declared} bytes in a file of ${fileBytes} (limit ${MAX_HEADER_BYTES})`);
  }
  return Number(declared);
}

interface Entry {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const isCount = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function parseEntry(name: string, value: unknown, fail: (why: string) => Error): Entry {
  if (!(value instanceof Map)) throw fail(`tensor "${name}": expected an object`);
  const dtype: unknown = value.get("dtype");
  const shape: unknown = value.get("shape");
  const offsets: unknown = value.get("data_offsets");
  const unknown = [...value.keys()].find((key) => key !== "dtype" && key !== "shape" && key !== "data_offsets");
  if (unknown !== undefined) throw fail(`tensor "${name}": unknown key "${unknown}"`);
  if (typeof dtype !== "string" || !Object.hasOwn(STORAGE, dtype))
    throw fail(`tensor "${name}": unknown dtype ${JSON.stringify(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw fail(`tensor "${name}": expected a shape of non-negative integers`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw fail(`tensor "${name}": expected two data_offsets`);
  const [begin, end] = offsets as [number, number];
  let bytes = STORAGE[dtype as StoredDtype].BYTES_PER_ELEMENT as number;
  for (const dimension of shape) {
    bytes *= dimension;
    if (bytes > Number.MAX_SAFE_INTEGER) throw fail(`tensor "${name}": the product of the shape overflows`);
  }
  if (end < begin || end - begin !== bytes)
    throw fail(`tensor "${name}": shape needs ${bytes} bytes, data_offsets give ${end - begin}`);
  return { name, dtype: dtype as StoredDtype, shape, begin, end };
}

/**
 * Decodes a whole file; every tensor is copied. Refuses whatever the reference implementation refuses, and duplicate keys.
 * @throws Error ERR_FORMAT naming what is wrong; TypeError ERR_DTYPE.
 */
export function decodeSafetensors(bytes: Uint8Array, { name = "safetensors" }: { readonly name?: string } = {}): Safetensors {
  if (arrayKind(bytes) !== "Uint8Array") throw wrongKind("bytes", "a Uint8Array", bytes);
  const fail = (why: string) => fault("ERR_FORMAT", `${name}: ${why}`);
  if (bytes.length < 8) throw fail(`expected at least 8 bytes, received ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = checkHeaderLength(view.getBigUint64(0, true), bytes.length, name);
  if (bytes[8] !== 0x7b || headerBytes === 0) throw fail("header: expected { as its first byte");
  let metadata: Record<string, string> = Object.create(null);
  const entries: Entry[] = [];
  parseStrictObject(decodeText(bytes.subarray(8, 8 + headerBytes), fail), name, (key, value) => {
    if (key === "__metadata__") metadata = parseMetadata(value, fail);
    else entries.push(parseEntry(key, value, fail));
  });
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const data = bytes.subarray(8 + headerBytes);
  let expected = 0;
  for (const { name: key, begin, end } of entries) {
    if (begin !== expected)
      throw fail(`tensor "${key}": expected to begin at ${expected}, received ${begin} (a hole or an overlap)`);
    expected = end;
  }
  if (expected !== data.length) throw fail(`tensors end at ${expected}, the file has ${data.length} bytes of data`);
  const tensors = new Map<string, StoredTensor>();
  for (const { name: key, dtype, shape, begin, end } of entries) {
    const copy = new Uint8Array(data.subarray(begin, end)); // Buffer.slice would share
    const Kind = STORAGE[dtype];
    tensors.set(key, { dtype, shape, data: new Kind(copy.buffer, 0, copy.length / Kind.BYTES_PER_ELEMENT) });
  }
  return { tensors, metadata };
}

function decodeText(bytes: Uint8Array, fail: (why: string) => Error): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail("header: expected UTF-8");
  }
}

function parseMetadata(value: unknown, fail: (why: string) => Error): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (!(value instanceof Map)) throw fail("__metadata__: expected an object");
  for (const [key, text] of value) {
    if (typeof text !== "string") throw fail(`__metadata__: "${key}": expected a string`);
    metadata[key as string] = text;
  }
  return metadata;
}
