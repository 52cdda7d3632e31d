// Bad input to gemm and matmul: the code, and nothing written. Both backends accept and reject the same.
import { describe, expect, test } from "vitest";
import {
  type GemmOptions,
  gemm,
  gemmAsync,
  gemmBatched,
  matmul,
  packB,
  prepareGemm,
  setBackend,
  tensor,
} from "../../src/index.ts";

const ones = (length: number): Float32Array => new Float32Array(length).fill(1);
const base = (): GemmOptions => ({ m: 2, n: 3, k: 4, a: ones(8), b: ones(12), c: ones(6) });

function detached(length: number): Float32Array {
  const array = ones(length);
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

function shrunk(length: number): Float32Array {
  const Resizable = ArrayBuffer as unknown as new (bytes: number, o: object) => ArrayBuffer & { resize(bytes: number): void };
  const buffer = new Resizable(64 + length * 4, { maxByteLength: 64 + length * 4 });
  const array = new Float32Array(buffer, 64, length);
  buffer.resize(32);
  return array;
}

const shared = ones(64);
const bad: [name: string, options: object, code: string, kind: typeof TypeError | typeof RangeError][] = [
  ["a detached a", { a: detached(8) }, "ERR_DETACHED", TypeError],
  ["a detached b", { b: detached(12) }, "ERR_DETACHED", TypeError],
  ["a detached c", { c: detached(6) }, "ERR_DETACHED", TypeError],
  ["a detached bias", { bias: detached(3) }, "ERR_DETACHED", TypeError],
  ["a detached residual", { residual: detached(6) }, "ERR_DETACHED", TypeError],
  ["a detached a where m is 0", { m: 0, a: detached(8) }, "ERR_DETACHED", TypeError],
  ["a detached a before a bad dimension", { k: -1, a: detached(8) }, "ERR_DETACHED", TypeError],
  ["a wrong kind before a detached array", { a: detached(8), b: [1] }, "ERR_DTYPE", TypeError],
  ["a view beyond its resized buffer", { a: shrunk(8) }, "ERR_LENGTH", RangeError],
  ["an array as a", { a: [1, 2] }, "ERR_DTYPE", TypeError],
  ["null as b", { b: null }, "ERR_DTYPE", TypeError],
  ["a DataView as c", { c: new DataView(new ArrayBuffer(24)) }, "ERR_DTYPE", TypeError],
  ["an Int32Array as a", { a: new Int32Array(8) }, "ERR_DTYPE", TypeError],
  ["a proxy as a", { a: new Proxy(ones(8), {}) }, "ERR_DTYPE", TypeError],
  ["an object with a length as a", { a: { length: 8, 0: 1 } }, "ERR_DTYPE", TypeError],
  ["mixed dtypes", { b: new Float64Array(12) }, "ERR_DTYPE", TypeError],
  ["a float64 bias beside float32", { bias: new Float64Array(3) }, "ERR_DTYPE", TypeError],
  ["m = -1", { m: -1 }, "ERR_RANGE", RangeError],
  ["n = 1.5", { n: 1.5 }, "ERR_RANGE", RangeError],
  ["k = NaN", { k: Number.NaN }, "ERR_RANGE", RangeError],
  ["m = Infinity", { m: Number.POSITIVE_INFINITY }, "ERR_RANGE", RangeError],
  ["n = 2^53", { n: 2 ** 53 }, "ERR_RANGE", RangeError],
  ['k = "3"', { k: "3" }, "ERR_DTYPE", TypeError],
  ["k = 3n", { k: 3n }, "ERR_DTYPE", TypeError],
  ["m missing", { m: undefined }, "ERR_DTYPE", TypeError],
  ["lda below k", { lda: 3 }, "ERR_STRIDE", RangeError],
  ["ldb below n", { ldb: 2 }, "ERR_STRIDE", RangeError],
  ["ldc below n", { ldc: 2 }, "ERR_STRIDE", RangeError],
  ["lda below m where A is transposed", { transA: true, lda: 1 }, "ERR_STRIDE", RangeError],
  ["a negative lda", { lda: -4 }, "ERR_RANGE", RangeError],
  ["an a that is too short", { a: ones(7) }, "ERR_STRIDE", RangeError],
  ["a b that is too short for its ldb", { ldb: 4 }, "ERR_STRIDE", RangeError],
  ["a c that is too short", { c: ones(5) }, "ERR_STRIDE", RangeError],
  ["dimensions whose product wraps 32 bits", { m: 65536, k: 65536, n: 1, lda: 65536 }, "ERR_STRIDE", RangeError],
  ["dimensions whose product exceeds 64 bits", { m: 2 ** 52, k: 2 ** 52 }, "ERR_STRIDE", RangeError],
  ["a bias of another length", { bias: ones(4) }, "ERR_LENGTH", RangeError],
  ["a residual that is too short", { residual: ones(5) }, "ERR_STRIDE", RangeError],
  ["an unknown activation", { activation: "tanhh" }, "ERR_OPTION", RangeError],
  ["transA that is no boolean", { transA: 1 }, "ERR_DTYPE", TypeError],
  ["alpha that is no number", { alpha: "1" }, "ERR_DTYPE", TypeError],
  ["a subnormal beta", { beta: 1e-40 }, "ERR_RANGE", RangeError],
  ["beta without c", { c: undefined, beta: 1 }, "ERR_OPTION", RangeError],
  ["c that is a", { a: shared.subarray(0, 8), c: shared.subarray(0, 6) }, "ERR_ALIAS", RangeError],
  ["c that overlaps a by one element", { a: shared.subarray(0, 8), c: shared.subarray(7, 13) }, "ERR_ALIAS", RangeError],
  ["c that overlaps b by fifteen bytes", { b: shared.subarray(8, 20), c: shared.subarray(4, 10) }, "ERR_ALIAS", RangeError],
  ["c that overlaps the bias", { bias: shared.subarray(5, 8), c: shared.subarray(0, 6) }, "ERR_ALIAS", RangeError],
  ["c that overlaps the residual", { residual: shared.subarray(1, 7), c: shared.subarray(0, 6) }, "ERR_ALIAS", RangeError],
];

describe("names of options", () => {
  const square = tensor(ones(4), [2, 2]);
  const entries: [name: string, call: (more: object) => unknown, known: readonly string[]][] = [
    ["gemm", (more) => gemm({ ...base(), ...more }), ["lda", "ldr", "transA", "bias", "residual", "activation", "alpha"]],
    ["prepareGemm", (more) => prepareGemm({ ...base(), ...more }), ["ldb", "ldc", "transB", "beta"]],
    [
      "gemmBatched",
      (more) => gemmBatched({ ...base(), batch: 1, ...more }),
      ["strideA", "strideB", "strideC", "strideR", "residual", "ldr"],
    ],
    ["packB", (more) => packB({ n: 3, k: 4, b: ones(12), ...more }), ["ldb", "transB"]],
    ["matmul", (more) => matmul(square, square, more), ["transA", "transB", "out"]],
  ];
  for (const [name, call, known] of entries) {
    test(`${name} refuses one that it does not have, and says which it has`, async () => {
      for (const typo of ["transb", "Lda", "batchSize", "toString"]) {
        for (const value of [true, undefined]) {
          const refusal = { name: "RangeError", code: "ERR_OPTION", message: expect.stringContaining(`${name}.${typo}: `) };
          expect(() => call({ [typo]: value })).toThrow(expect.objectContaining(refusal));
          if (name !== "gemm") continue;
          const asynchronous = { ...refusal, message: expect.stringContaining(`gemmAsync.${typo}: `) };
          await expect(gemmAsync({ ...base(), [typo]: value } as GemmOptions)).rejects.toMatchObject(asynchronous);
        }
      }
      let message = "";
      try {
        call({ transb: true });
      } catch (error) {
        message = (error as Error).message;
      }
      const listed = /\((.*)\)/.exec(message)?.[1]?.split(", ") ?? [];
      expect(listed).toEqual(expect.arrayContaining([...known]));
      const required = ["m", "n", "k", "a", "b", "batch"];
      for (const option of listed) if (!required.includes(option)) call({ [option]: undefined });
    });
  }

  test("come before everything else that is wrong, and nothing is written", () => {
    const c = ones(6).fill(7);
    for (const change of [{ a: null }, { m: -1 }, { a: detached(8) }, { c }]) {
      const options = { ...base(), c, ...change, transb: true };
      expect(() => gemm(options as never)).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
    }
    expect(c).toEqual(ones(6).fill(7));
    expect(() => gemm("mnk" as never)).toThrow(expect.objectContaining({ code: "ERR_DTYPE" }));
  });

  test("may be inherited: options are read from a prototype, other names there are not looked at", () => {
    const options = Object.assign(Object.create({ transA: true, describe: () => "text" }), base(), { m: 4, k: 2, c: ones(12) });
    expect(gemm(options)).toEqual(ones(12).fill(2));
  });
});

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} refuses`, () => {
    for (const [name, change, code, kind] of bad) {
      test(`${name} with ${code}`, async () => {
        setBackend(backend);
        const options = { ...base(), ...change } as GemmOptions;
        const before = options.c instanceof Float32Array && options.c.length > 0 ? options.c.slice() : undefined;
        const runs = [() => gemm(options), () => prepareGemm(options), () => gemmBatched({ ...options, batch: 1 })];
        for (const run of runs) {
          expect(run).toThrow(kind);
          expect(run).toThrow(expect.objectContaining({ code }));
        }
        await expect(gemmAsync(options)).rejects.toMatchObject({ code });
        if (before) expect(options.c).toEqual(before);
      });
    }

    test("a stride of C below an item's extent, and arrays too short for the batch", () => {
      setBackend(backend);
      const items = { m: 2, n: 3, k: 4, a: ones(24), b: ones(12), c: ones(18), batch: 3, strideB: 0 };
      expect(gemmBatched(items)[17]).toBe(4);
      expect(() => gemmBatched({ ...items, strideC: 5 })).toThrow(expect.objectContaining({ code: "ERR_STRIDE" }));
      expect(() => gemmBatched({ ...items, strideA: 9 })).toThrow(expect.objectContaining({ code: "ERR_STRIDE" }));
      expect(() => gemmBatched({ ...items, batch: 4 })).toThrow(expect.objectContaining({ code: "ERR_STRIDE" }));
      for (const [change, code] of [
        [{ batch: -1 }, "ERR_RANGE"],
        [{ batch: 1.5 }, "ERR_RANGE"],
        [{ batch: 2 ** 53 }, "ERR_RANGE"],
        [{ batch: "3" }, "ERR_DTYPE"],
        [{ batch: undefined }, "ERR_DTYPE"],
        [{ strideA: -1 }, "ERR_RANGE"],
        [{ strideB: 0.5 }, "ERR_RANGE"],
        [{ strideA: 2 ** 52 }, "ERR_STRIDE"],
        [{ batch: 2 ** 52, strideA: 0 }, "ERR_STRIDE"],
        [{ residual: ones(17) }, "ERR_STRIDE"],
        [{ residual: ones(18), strideR: 7 }, "ERR_STRIDE"],
        [{ residual: ones(18), ldr: 2 }, "ERR_STRIDE"],
        [{ residual: ones(18), strideR: -6 }, "ERR_RANGE"],
        [{ residual: ones(18), strideR: "6" }, "ERR_DTYPE"],
        [{ residual: new Float64Array(18) }, "ERR_DTYPE"],
        [{ residual: detached(18) }, "ERR_DETACHED"],
        [{ c: shared.subarray(0, 18), residual: shared.subarray(17, 35) }, "ERR_ALIAS"],
        [{ c: shared.subarray(0, 18), residual: shared.subarray(17, 23), strideR: 0 }, "ERR_ALIAS"],
        [{ c: items.a, a: items.a }, "ERR_ALIAS"],
        [{ c: shared.subarray(0, 18), a: shared.subarray(17, 41) }, "ERR_ALIAS"],
      ] as const) {
        expect(() => gemmBatched({ ...items, ...change } as never), JSON.stringify(Object.keys(change))).toThrow(
          expect.objectContaining({ code }),
        );
      }
      const none = gemmBatched({ ...items, batch: 0, a: ones(0), b: ones(0), c: ones(0), residual: ones(0) });
      expect(none.length).toBe(0);
    });

    test("tensors whose shapes do not fit", () => {
      setBackend(backend);
      const a = tensor(ones(6), [2, 3]);
      const code = (value: string) => expect.objectContaining({ code: value });
      expect(() => matmul(a, tensor(ones(8), [4, 2]))).toThrow(code("ERR_SHAPE"));
      expect(() => matmul(a, tensor(ones(3), [3]))).toThrow(code("ERR_SHAPE"));
      expect(() => matmul(tensor(ones(12), [2, 2, 3]), tensor(ones(18), [3, 3, 2]))).toThrow(code("ERR_SHAPE"));
      expect(() => matmul(a, tensor(ones(6), [3, 2]), { out: tensor(ones(6), [2, 3]) })).toThrow(code("ERR_SHAPE"));
      expect(() => matmul(a, tensor(new Float64Array(6), [3, 2]))).toThrow(code("ERR_DTYPE"));
      const lost = ones(6);
      const gone = tensor(lost, [3, 2]);
      structuredClone(lost.buffer, { transfer: [lost.buffer as ArrayBuffer] });
      expect(() => matmul(a, gone)).toThrow(code("ERR_DETACHED"));
      expect(() => matmul(gone, a)).toThrow(code("ERR_DETACHED"));
      expect(() => matmul(a, tensor(ones(6), [3, 2]), { out: gone })).toThrow(code("ERR_DETACHED"));
      for (const data of [[1, 2, 3, 4, 5, 6], null, new DataView(new ArrayBuffer(24)), new Proxy(ones(6), {})]) {
        expect(() => matmul(a, { data: data as never, shape: [3, 2] })).toThrow(code("ERR_DTYPE"));
      }
      for (const shape of [
        [3, 2.5],
        [3, -2],
        [3, Number.NaN],
        [2 ** 53, 0],
      ]) {
        expect(() => matmul(a, { data: ones(6), shape })).toThrow(code("ERR_RANGE"));
      }
      for (const shape of ["3,2", null, [3n, 2], ["3", 2]]) {
        expect(() => matmul(a, { data: ones(6), shape: shape as never })).toThrow(code("ERR_DTYPE"));
      }
      expect(() => matmul(a, tensor(ones(6), [3, 2]), { transA: 1 as never })).toThrow(code("ERR_DTYPE"));
      expect(() => matmul(null as never, a)).toThrow(code("ERR_DTYPE"));
      const square = tensor(ones(4), [2, 2]);
      expect(() => matmul(square, tensor(ones(4), [2, 2]), { out: square })).toThrow(code("ERR_ALIAS"));
    });
  });

  describe(`${backend} accepts`, () => {
    test("empty dimensions: nothing happens, and C = βC for k = 0", () => {
      setBackend(backend);
      const c = ones(6);
      expect(gemm({ ...base(), m: 0, c })).toEqual(ones(6));
      expect(gemm({ ...base(), n: 0, b: ones(0), c })).toEqual(ones(6));
      expect(gemm({ ...base(), k: 0, a: ones(0), b: ones(0), c, beta: 3 })).toEqual(ones(6).fill(3));
      expect(gemm({ ...base(), k: 0, c: undefined, bias: ones(3) })).toEqual(ones(6));
    });

    test("β = 0 over NaN, and α = 0 with NaN in A and B", () => {
      setBackend(backend);
      const c = ones(6).fill(Number.NaN);
      expect(gemm({ ...base(), c })).toEqual(ones(6).fill(4));
      const nan = (length: number) => ones(length).fill(Number.NaN);
      expect(gemm({ ...base(), a: nan(8), b: nan(12), c, alpha: 0, beta: 2 })).toEqual(ones(6).fill(8));
    });

    test("shared and growable memory, and byte offsets of 4 to 60", () => {
      setBackend(backend);
      const SharedGrowable = SharedArrayBuffer as unknown as new (bytes: number, o?: object) => SharedArrayBuffer;
      for (const buffer of [new SharedArrayBuffer(4096), new SharedGrowable(4096, { maxByteLength: 8192 })]) {
        for (let offset = 4; offset <= 60; offset += 4) {
          const view = (start: number, length: number) => new Float32Array(buffer, offset + start, length).fill(1);
          const result = gemm({ ...base(), a: view(0, 8), b: view(128, 12), c: view(1024, 6) });
          expect(Array.from(result)).toEqual([4, 4, 4, 4, 4, 4]);
        }
      }
    });
  });
}
