// TensorBoard's event files: TFRecord framing with masked CRC-32C, and the few protobuf fields that scalars need.
// Not a general protobuf writer.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c >>> 0;
});

/** CRC-32C (Castagnoli, reflected 0x82f63b78). */
export function crc32c(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** TFRecord stores checksums rotated and offset, so that a checksum of data holding checksums stays good. */
export function maskedCrc(bytes: Uint8Array): number {
  const c = crc32c(bytes);
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}

/** One record: u64 length, its masked CRC, the data, their masked CRC; all little-endian. */
export function encodeRecord(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return out;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return bytes;
}

const field = (number: number, wire: number) => varint(number * 8 + wire);
const delimited = (number: number, bytes: ArrayLike<number>) => [
  ...field(number, 2),
  ...varint(bytes.length),
  ...Array.from(bytes),
];
const text = (number: number, value: string) => delimited(number, Buffer.from(value, "utf8"));

function double(number: number, value: number): number[] {
  return [...field(number, 1), ...new Uint8Array(new Float64Array([value]).buffer)];
}

function float(number: number, value: number): number[] {
  return [...field(number, 5), ...new Uint8Array(new Float32Array([value]).buffer)];
}

/** The event that every file begins with: Event { wall_time = 1; file_version = 3 }. */
export function versionEvent(seconds: number): Uint8Array {
  return Uint8Array.from([...double(1, seconds), ...text(3, "brain.Event:2")]);
}

/** Event { wall_time = 1; step = 2; summary = 5 { value = 1 { tag = 1; simple_value = 2 } } }. */
export function scalarEvent(seconds: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).flatMap(([tag, value]) => delimited(1, [...text(1, tag), ...float(2, value)]));
  return Uint8Array.from([...double(1, seconds), ...field(2, 0), ...varint(step), ...delimited(5, values)]);
}
