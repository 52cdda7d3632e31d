// The other ways to a product: prepared, batched, asynchronous, tensors.
import { describe, expect, test } from "vitest";
import { allocate, gemm, gemmAsync, gemmBatched, matmul, packB, prepareGemm, setBackend, tensor } from "../../src/index.ts";
import { filled, firstDifference, generator } from "./cases.ts";

for (const backend of ["native", "reference"] as const) {
  describe(backend, () => {
    const next = generator(31);
    const random = (length: number) => filled("float32", length, () => next() - 0.5) as Float32Array;

    test("a prepared product follows its operands and equals gemm", () => {
      setBackend(backend);
      const options = { m: 8, n: 8, k: 8, a: random(64), b: random(64), c: random(64), bias: random(8) };
      const prepared = prepareGemm(options);
      for (let round = 0; round < 3; round++) {
        options.a.set(random(64));
        expect(prepared.run()).toBe(options.c);
        expect(firstDifference(prepared.c, gemm({ ...options, c: undefined }))).toBe(-1);
      }
      prepared.dispose();
      expect(() => prepared.run()).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
    });

    test("a prepared product whose operand was transferred throws and writes nothing", () => {
      setBackend(backend);
      for (const lost of ["a", "b", "c"] as const) {
        const options = { m: 4, n: 4, k: 4, a: random(16), b: random(16), c: random(16) };
        const prepared = prepareGemm(options);
        const before = options.c.slice();
        structuredClone(options[lost].buffer, { transfer: [options[lost].buffer as ArrayBuffer] });
        expect(() => prepared.run()).toThrow(expect.objectContaining({ code: "ERR_DETACHED" }));
        if (lost !== "c") expect(options.c).toEqual(before);
      }
    });

    test("arrays of a subclass with a constructor of its own are arrays like any other", async () => {
      class Samples extends Float32Array {
        constructor(...values: number[]) {
          super(values);
        }
      }
      const plain = random(192);
      plain[3] = 1e-40;
      const of = (length: number) => new Samples(...plain.subarray(0, length));
      const options = { m: 8, n: 8, k: 8, a: plain.slice(0, 64), b: plain.slice(0, 64) };
      for (const exact of [false, true]) {
        setBackend(backend, { exact });
        const expected = Array.from(gemm(options));
        const ours = { ...options, a: of(64), b: of(64) };
        expect(Array.from(gemm(ours))).toEqual(expected);
        expect(Array.from(await gemmAsync({ ...ours, c: of(64) }))).toEqual(expected);
        expect(Array.from(prepareGemm({ ...ours, c: of(64) }).run())).toEqual(expected);
        const wide = { m: 2, n: 8, k: 8, batch: 2, a: plain.slice(0, 32), b: plain.slice(0, 128) };
        expect(Array.from(gemmBatched({ ...wide, a: of(32), b: of(128) }))).toEqual(Array.from(gemmBatched(wide)));
        const product = (a: Float32Array, b: Float32Array) =>
          matmul({ data: a, shape: [2, 1, 4, 8] }, { data: b, shape: [3, 8, 8] });
        expect(Array.from(product(of(64), of(192)).data)).toEqual(Array.from(product(plain.slice(0, 64), plain).data));
      }
      setBackend(backend);
    });

    test("a batch with k = 0 reads no element of A and B, whatever their strides", () => {
      setBackend(backend);
      const none = new Float32Array(0);
      const bias = Float32Array.of(1, 2);
      const items = { m: 2, n: 2, k: 0, a: none, b: none, batch: 3, bias };
      const expected = Float32Array.of(1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2);
      for (const strides of [{ lda: 5 }, { transB: true, ldb: 3 }, { transA: true }, { strideA: 4, strideB: 9 }]) {
        expect(gemmBatched({ ...items, ...strides }), JSON.stringify(strides)).toEqual(expected);
      }
      expect(gemmBatched({ ...items, strideA: 7, c: expected.slice(), beta: 1 })).toEqual(expected.map((x) => 2 * x));
    });

    test("each item of a batch has the bits of that product alone, stride 0 broadcasts", () => {
      setBackend(backend);
      for (const transB of [false, true]) {
        for (const [m, n, k, batch] of [
          [3, 5, 7, 6],
          [16, 20, 33, 40],
          [40, 40, 40, 9],
        ] as const) {
          const a = random(batch * m * k);
          const b = random(n * k);
          const c = gemmBatched({ m, n, k, a, b, transB, batch, strideB: 0 });
          for (let i = 0; i < batch; i++) {
            const alone = gemm({ m, n, k, a: a.subarray(i * m * k), b, transB });
            expect(firstDifference(c.subarray(i * m * n, (i + 1) * m * n) as Float32Array, alone)).toBe(-1);
          }
        }
      }
    });

    for (const dtype of ["float32", "float64"] as const) {
      test(`a batch adds its residual's items, strided as C's or one for all, in ${dtype}`, () => {
        setBackend(backend);
        const of = (length: number) => filled(dtype, length, () => next() - 0.5);
        for (const [m, n, k, batch, transB] of [
          [3, 5, 7, 6, false],
          [1, 40, 9, 5, true],
          [16, 20, 33, 40, true],
          [70, 40, 20, 9, false],
        ] as const) {
          const [a, b, bias] = [of(batch * m * k), of(n * k), of(n)];
          const packed = packB({ n, k, b, transB });
          for (const [ldr, strideR] of [
            [undefined, undefined],
            [n + 3, undefined],
            [n + 1, m * (n + 1) + 5],
            [undefined, 0],
            [n + 2, 0],
            [undefined, 1], // items of a residual may overlap: they are only read
          ] as const) {
            const step = strideR ?? m * (ldr ?? n);
            const residual = of((batch - 1) * step + m * (ldr ?? n));
            const each = { m, n, k, transB, bias, beta: 0.5, alpha: -1.5, activation: "gelu" as const, ldr };
            const old = of(batch * m * n);
            const all = { ...each, a, residual, batch, strideB: 0, strideR };
            const c = gemmBatched({ ...all, b, c: old.slice() });
            expect(firstDifference(gemmBatched({ ...all, b: packed, c: old.slice() }), c)).toBe(-1);
            for (let i = 0; i < batch; i++) {
              const [from, to] = [i * m * n, (i + 1) * m * n];
              const alone = {
                ...each,
                a: a.subarray(i * m * k),
                b,
                c: old.slice(from, to),
                residual: residual.subarray(i * step),
              };
              expect(firstDifference(c.subarray(from, to), gemm(alone)), `${m}×${n}×${k} ${ldr} ${strideR} ${i}`).toBe(-1);
            }
          }
          packed.dispose();
        }
      });
    }

    test("batch dimensions of tensors broadcast", () => {
      setBackend(backend);
      const a = tensor(random(2 * 3 * 4 * 5), [2, 3, 4, 5]);
      const b = tensor(random(3 * 5 * 6), [3, 5, 6]);
      const product = matmul(a, b);
      expect(product.shape).toEqual([2, 3, 4, 6]);
      for (let i = 0; i < 6; i++) {
        const alone = gemm({ m: 4, n: 6, k: 5, a: a.data.subarray(i * 20), b: b.data.subarray((i % 3) * 30) });
        expect(firstDifference(product.data.subarray(i * 24, (i + 1) * 24) as Float32Array, alone)).toBe(-1);
      }
    });

    test("every pattern of broadcast dimensions gives the products of its items", () => {
      setBackend(backend);
      const [m, n, k] = [2, 3, 4];
      const size = (shape: readonly number[]) => shape.reduce((x, y) => x * y, 1);
      for (const [aBatch, bBatch, batch] of [
        [
          [2, 3, 2],
          [3, 2],
          [2, 3, 2],
        ],
        [
          [2, 1, 2],
          [3, 1],
          [2, 3, 2],
        ],
        [
          [2, 1, 1, 2],
          [1, 3, 1, 2],
          [2, 3, 1, 2],
        ],
        [[1], [5], [5]],
        [
          [2, 2],
          [1, 1],
          [2, 2],
        ],
        [[], [2, 3], [2, 3]],
        [
          [4, 1],
          [1, 4],
          [4, 4],
        ],
        [
          [2, 0],
          [2, 1],
          [2, 0],
        ],
      ] as const) {
        const a = tensor(random(size(aBatch) * m * k), [...aBatch, m, k]);
        const b = tensor(random(size(bBatch) * n * k), [...bBatch, n, k]);
        const product = matmul(a, b, { transB: true });
        expect(product.shape).toEqual([...batch, m, n]);
        const out = tensor(random(size(batch) * m * n), product.shape);
        for (let round = 0; round < 200; round++) expect(matmul(a, b, { transB: true, out })).toBe(out);
        expect(firstDifference(out.data, product.data)).toBe(-1);
        const own = (item: readonly number[], of: readonly number[]) =>
          of.reduce((index, d, i) => index * d + (d === 1 ? 0 : item[i + item.length - of.length]!), 0);
        for (let i = 0; i < size(batch); i++) {
          const item = batch.map((d, axis) => Math.floor(i / size(batch.slice(axis + 1))) % d);
          const alone = gemm({
            m,
            n,
            k,
            a: a.data.subarray(own(item, aBatch) * m * k),
            b: b.data.subarray(own(item, bBatch) * k * n),
            transB: true,
          });
          expect(firstDifference(product.data.subarray(i * m * n, (i + 1) * m * n), alone), `${batch} ${i}`).toBe(-1);
        }
      }
    });

    test("a tensor whose getter transfers another operand is noticed", () => {
      setBackend(backend);
      const [a, b] = [tensor(random(16), [4, 4]), tensor(random(16), [4, 4])];
      for (let i = 0; i < 3000; i++) matmul(a, b);
      const late = {
        get data() {
          structuredClone(a.data.buffer, { transfer: [a.data.buffer as ArrayBuffer] });
          return b.data;
        },
        shape: b.shape,
      };
      expect(() => matmul(a, late)).toThrow(expect.objectContaining({ code: "ERR_DETACHED" }));
    });

    test("gemmAsync equals gemm from plain, owned and shared memory, with rows apart", async () => {
      setBackend(backend);
      const plain = (length: number) => random(length);
      const owned = (length: number) => {
        const array = allocate("float32", length);
        array.set(random(length));
        return array;
      };
      const shared = (length: number) => {
        const array = new Float32Array(new SharedArrayBuffer(length * 4));
        array.set(random(length));
        return array;
      };
      for (const make of [plain, owned, shared]) {
        const options = { m: 9, n: 10, k: 11, a: make(99), b: make(110), c: make(9 * 12), ldc: 12, beta: 0.5, bias: make(10) };
        const expected = gemm({ ...options, c: options.c.slice() });
        const result = gemmAsync(options);
        if (make === plain) options.a.fill(Number.NaN); // copied before the call returned
        expect(await result).toBe(options.c);
        expect(firstDifference(options.c, expected)).toBe(-1);
      }
    });

    test("gemmAsync rejects a second write to pending memory, and an output that was transferred or resized", async () => {
      setBackend(backend);
      const options = { m: 20, n: 20, k: 20, a: random(400), b: random(400), c: random(400) };
      const first = gemmAsync(options);
      await expect(gemmAsync(options)).rejects.toMatchObject({ code: "ERR_BUSY" });
      await first;
      await gemmAsync(options);
      const lost = { ...options, c: random(400) };
      const pending = gemmAsync(lost);
      structuredClone(lost.c.buffer, { transfer: [lost.c.buffer as ArrayBuffer] });
      await expect(pending).rejects.toMatchObject({ code: "ERR_DETACHED" });
    });
  });
}
