// Golden file by the safetensors Python package (test/golden/files/make.py); hostile cases of FAULTS 25.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readSafetensors, writeFileAtomic, writeSafetensors } from "../../src/checkpoint/file.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../../src/checkpoint/safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));
const golden = new URL("../golden/files/sample.safetensors", import.meta.url);

function raw(header: string, body: Uint8Array = new Uint8Array(0), declared = BigInt(Buffer.byteLength(header))): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(declared);
  return Buffer.concat([length, Buffer.from(header), body]);
}
const entry = (begin: number, end: number, shape = [(end - begin) / 4]) =>
  `{"dtype":"F32","shape":${JSON.stringify(shape)},"data_offsets":[${begin},${end}]}`;

describe("decodeSafetensors", () => {
  test("reads what the Python package wrote", () => {
    const { tensors, metadata } = decodeSafetensors(readFileSync(golden));
    expect(metadata).toEqual({ format: "np", note: "größer" });
    expect(tensors.get("dense/kernel")).toEqual({ dtype: "F32", shape: [2, 3], data: new Float32Array([0, 1, 2, 3, 4, 5]) });
    expect(tensors.get("dense/bias")?.data).toEqual(new Float32Array([0.5, -0, Number.POSITIVE_INFINITY]));
    expect(tensors.get("step")).toEqual({ dtype: "I64", shape: [], data: new BigInt64Array([12n]) });
    expect(tensors.get("half")).toEqual({ dtype: "F16", shape: [2], data: new Uint16Array([0x3c00, 0x4000]) });
    expect(tensors.get("mask")).toEqual({ dtype: "BOOL", shape: [2], data: new Uint8Array([1, 0]) });
    expect(tensors.get("empty")).toEqual({ dtype: "F64", shape: [0, 4], data: new Float64Array(0) });
  });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["seven bytes", new Uint8Array(7)],
    ["a header longer than the file", raw("{}", undefined, 3n)],
    ["a header over 100 MB", raw("{}", undefined, 100_000_001n)],
    ["a header of 2^64 - 1 bytes", raw("{}", undefined, 2n ** 64n - 1n)],
    ["an empty header", raw("")],
    ["a header that begins with a space", raw(" {}")],
    ["an array as header", raw("[]")],
    ["text after the object", raw("{}x")],
    ["a header cut off", raw('{"a":')],
    ["invalid UTF-8", raw('{"a":1}').map((byte) => (byte === 0x61 ? 0xff : byte))],
    ["overlapping tensors", raw(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, new Uint8Array(12))],
    ["the same range twice", raw(`{"a":${entry(0, 8)},"b":${entry(0, 8)}}`, new Uint8Array(8))],
    ["reversed offsets", raw('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', new Uint8Array(4))],
    ["negative offsets", raw('{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}', new Uint8Array(4))],
    ["a hole", raw(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, new Uint8Array(12))],
    ["a hole at the start", raw(`{"a":${entry(4, 8)}}`, new Uint8Array(8))],
    ["data after the last tensor", raw(`{"a":${entry(0, 4)}}`, new Uint8Array(8))],
    ["truncated data", raw(`{"a":${entry(0, 8)}}`, new Uint8Array(7))],
    ["a product that overflows", raw(`{"a":${entry(0, 4, [2 ** 40, 2 ** 40])}}`, new Uint8Array(4))],
    ["an overflow hidden by a zero", raw(`{"a":${entry(0, 0, [2 ** 40, 2 ** 40, 0])}}`)],
    ["a size that is not the shape's", raw(`{"a":${entry(0, 8, [1])}}`, new Uint8Array(8))],
    ["a negative dimension", raw(`{"a":${entry(0, 4, [-1])}}`, new Uint8Array(4))],
    ["a fractional dimension", raw(`{"a":${entry(0, 4, [0.5, 2])}}`, new Uint8Array(4))],
    ["a tensor name twice", raw(`{"a":${entry(0, 4)},"a":${entry(0, 4)}}`, new Uint8Array(4))],
    ["a key of a tensor twice", raw('{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', new Uint8Array(4))],
    ["a key twice, once escaped", raw(`{"a":${entry(0, 4)},"\\u0061":${entry(0, 4)}}`, new Uint8Array(4))],
    ["an unknown key", raw('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}', new Uint8Array(4))],
    ["an unknown dtype", raw('{"a":{"dtype":"__proto__","shape":[1],"data_offsets":[0,4]}}', new Uint8Array(4))],
    ["a number for a tensor", raw('{"a":5}')],
    ["metadata that are not strings", raw('{"__metadata__":{"a":1}}')],
    ["metadata that are not an object", raw('{"__metadata__":"x"}')],
    ["nesting without end", raw(`{"a":${"[".repeat(100_000)}`)],
  ])("refuses %s with ERR_FORMAT", (_, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: "ERR_FORMAT" }));
  });

  test("survives any damage to a valid file: ERR_FORMAT or a result of the file's size", () => {
    const bytes = readFileSync(golden);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, cut) => {
        const damaged = Uint8Array.from(bytes.subarray(0, cut));
        if (at < cut) damaged[at] = value;
        try {
          let total = 0;
          for (const { data } of decodeSafetensors(damaged).tensors.values()) total += data.byteLength;
          expect(total).toBeLessThan(bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_FORMAT" });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("encodeSafetensors", () => {
  const tensors = new Map<string, StoredTensor>([
    ["b/bias", { dtype: "F32", shape: [3], data: new Float32Array([1, -0, Number.NaN]) }],
    ["a", { dtype: "F64", shape: [2, 1], data: new Float64Array([Number.NaN, 5e-324]) }],
    ["__proto__", { dtype: "I8", shape: [1], data: new Int8Array([-3]) }],
    ["none", { dtype: "F32", shape: [0], data: new Float32Array(0) }],
    ['quote"\\ü', { dtype: "BF16", shape: [], data: new Uint16Array([0x3f80]) }],
  ]);

  test("round-trips names, shapes, bits and metadata", () => {
    const bytes = encodeSafetensors(tensors, { a: "ü", __proto__x: "" });
    const decoded = decodeSafetensors(bytes);
    expect(new Map([...decoded.tensors].sort())).toEqual(new Map([...tensors].sort()));
    expect({ ...decoded.metadata }).toEqual({ a: "ü", __proto__x: "" });
    expect(Buffer.from(encodeSafetensors(tensors, { a: "ü", __proto__x: "" }))).toEqual(Buffer.from(bytes));
  });
  test("starts the data at a multiple of 8", () => {
    const bytes = encodeSafetensors(tensors);
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });
  test("writes every NaN as the canonical one", () => {
    const bits = new Uint32Array([0xffc01234, 0x7f800001]);
    const wide = new BigUint64Array([0xfff8000000000001n]);
    const bytes = encodeSafetensors(
      new Map<string, StoredTensor>([
        ["f", { dtype: "F32", shape: [2], data: new Float32Array(bits.buffer) }],
        ["d", { dtype: "F64", shape: [1], data: new Float64Array(wide.buffer) }],
      ]),
    );
    const { tensors: read } = decodeSafetensors(bytes);
    expect([...new Uint32Array((read.get("f")!.data as Float32Array).buffer)]).toEqual([0x7fc00000, 0x7fc00000]);
    expect([...new BigUint64Array((read.get("d")!.data as Float64Array).buffer)]).toEqual([0x7ff8000000000000n]);
    expect([...bits]).toEqual([0xffc01234, 0x7f800001]);
  });
  test("refuses a shape that does not fit with ERR_SHAPE", () => {
    const wrong: StoredTensor = { dtype: "F32", shape: [2], data: new Float32Array(3) };
    expect(() => encodeSafetensors(new Map([["a", wrong]]))).toThrow(expect.objectContaining({ code: "ERR_SHAPE" }));
  });
  test("is readable by the Python package where it is installed", async (context) => {
    const path = join(folder, "python.safetensors");
    await writeSafetensors(path, {
      tensors: new Map([...tensors].filter(([name]) => !name.startsWith("quote"))),
      metadata: { k: "v" },
    });
    const script =
      "import sys\nfrom safetensors.numpy import load_file\nd=load_file(sys.argv[1])\nprint(sorted((k,v.shape,str(v.dtype)) for k,v in d.items()))";
    let output: string;
    try {
      output = execFileSync("python3", ["-c", script, path], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
      if (/No module named|ENOENT/.test(String((error as { stderr?: string }).stderr ?? error)))
        return context.skip("no Python safetensors");
      throw error;
    }
    expect(output.trim()).toBe(
      "[('__proto__', (1,), 'int8'), ('a', (2, 1), 'float64'), ('b/bias', (3,), 'float32'), ('none', (0,), 'float32')]",
    );
  });
});

describe("files", () => {
  test("readSafetensors reads what writeSafetensors wrote", async () => {
    const path = join(folder, "one.safetensors");
    await writeSafetensors(path, decodeSafetensors(readFileSync(golden)));
    expect(await readSafetensors(path)).toEqual(decodeSafetensors(readFileSync(golden)));
  });
  test("a huge declared header is refused before anything else is read", async () => {
    const path = join(folder, "huge.safetensors");
    writeFileSync(path, raw("{}", undefined, 2n ** 40n));
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: "ERR_FORMAT" });
  });
  test("a failed write leaves the old file and no temporary file", async () => {
    const path = join(folder, "target");
    await writeFileAtomic(path, "old");
    await expect(writeFileAtomic(join(folder, "missing", "target"), "new")).rejects.toMatchObject({ code: "ENOENT" });
    const directory = join(folder, "is-directory");
    await writeFileAtomic(join(folder, "x"), "x");
    execFileSync("mkdir", ["-p", join(directory, "full")]);
    await expect(writeFileAtomic(directory, "new")).rejects.toThrow();
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
  test("what a killed process left behind is removed by the next save", async () => {
    const path = join(folder, "orphaned");
    const host = hostname().replaceAll(/[^\w]/g, "_");
    const dead = execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }).trim();
    writeFileSync(join(folder, `.orphaned.${host}.${dead}.0.tmp`), "half");
    writeFileSync(join(folder, `.orphaned.${host}.${process.ppid}.0.tmp`), "alive");
    await writeFileAtomic(path, "new");
    expect(readdirSync(folder).filter((name) => name.startsWith(".orphaned"))).toEqual([
      `.orphaned.${host}.${process.ppid}.0.tmp`,
    ]);
    rmSync(join(folder, `.orphaned.${host}.${process.ppid}.0.tmp`));
  });
});
