// gemmAsync while its buffers change hands: inputs count as they were at the call, lost outputs reject and stay unwritten.
import { afterAll, describe, expect, test } from "vitest";
import { allocate, gemm, gemmAsync, setBackend } from "../../src/index.ts";
import { filled, firstDifference, generator } from "./cases.ts";

afterAll(() => setBackend("auto"));

type Resizable = ArrayBuffer & { resize(bytes: number): void };
const resizable = (length: number): Float32Array<Resizable> =>
  new Float32Array(
    new (ArrayBuffer as unknown as new (bytes: number, o: object) => Resizable)(4 * length, { maxByteLength: 8 * length }),
    0,
    length,
  );
const lose = (array: Float32Array) => structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });

for (const backend of ["native", "reference"] as const) {
  describe(backend, () => {
    const next = generator(61);
    const [m, n, k] = [64, 70, 80];
    const random = <A extends Float32Array>(array: A): A => {
      array.set(filled("float32", array.length, () => next() - 0.5));
      return array;
    };
    const operands = (make: (length: number) => Float32Array) => ({
      m,
      n,
      k,
      beta: 0.5,
      a: random(make(m * k)),
      b: random(make(k * n)),
      c: random(make(m * n)),
      bias: random(make(n)),
      residual: random(make(m * n)),
    });
    const plain = (length: number) => new Float32Array(length);
    const inputs = ["a", "b", "bias", "residual"] as const;

    test("plain inputs that are transferred, shrunk or overwritten meanwhile were copied before", async () => {
      setBackend(backend);
      for (const change of [
        lose,
        (x: Float32Array) => (x.buffer as Resizable).resize(0),
        (x: Float32Array) => x.fill(Number.NaN),
      ]) {
        for (const input of inputs) {
          const options = operands(resizable);
          const expected = gemm({ ...options, c: options.c.slice() });
          const pending = gemmAsync(options);
          change(options[input]);
          expect(firstDifference(await pending, expected), input).toBe(-1);
        }
      }
    });

    test("a plain output that is transferred rejects with ERR_DETACHED, and what was transferred is unwritten", async () => {
      setBackend(backend);
      const options = operands(plain);
      const before = options.c.slice();
      const pending = gemmAsync(options);
      const moved = lose(options.c);
      await expect(pending).rejects.toMatchObject({ code: "ERR_DETACHED", name: "TypeError" });
      expect(new Float32Array(moved as ArrayBuffer)).toEqual(before);
    });

    test("a plain output that is resized rejects with ERR_LENGTH and is not written", async () => {
      setBackend(backend);
      for (const bytes of [0, 4 * (m * n - 1)]) {
        const options = operands(resizable);
        const before = options.c.slice();
        const pending = gemmAsync(options);
        (options.c.buffer as Resizable).resize(bytes);
        await expect(pending).rejects.toMatchObject({ code: "ERR_LENGTH", name: "RangeError" });
        const left = new Float32Array(options.c.buffer);
        expect(left).toEqual(before.subarray(0, bytes / 4));
      }
      const grown = { ...operands(plain), c: new Float32Array(resizable(m * n).buffer) }; // follows its buffer's length
      const pending = gemmAsync(grown);
      (grown.c.buffer as unknown as Resizable).resize(8 * m * n);
      await expect(pending).rejects.toMatchObject({ code: "ERR_LENGTH" });
      expect(grown.c.every((x) => x === 0)).toBe(true);
    });

    test("arrays from allocate() that are transferred meanwhile crash nothing; a lost output rejects", async () => {
      setBackend(backend);
      for (const lost of [...inputs, "c"] as const) {
        const options = operands((length) => allocate("float32", length));
        const pending = gemmAsync(options);
        lose(options[lost]);
        // Node copies external memory instead of detaching it; where it is detached, the result has no array to go to.
        if (options.c.length === 0) await expect(pending).rejects.toMatchObject({ code: "ERR_DETACHED" });
        else await pending;
      }
    });

    test("outputs that overlap while one is pending reject with ERR_BUSY; disjoint parts of a buffer do not", async () => {
      setBackend(backend);
      const whole = new Float32Array(3 * m * n);
      const { a, b } = operands(plain);
      const at = (start: number) => gemmAsync({ m, n, k, a, b, c: whole.subarray(start, start + m * n) });
      const [first, second] = [at(0), at(2 * m * n)];
      for (const start of [0, 1, m * n - 1, m * n + 1]) await expect(at(start)).rejects.toMatchObject({ code: "ERR_BUSY" });
      const between = at(m * n);
      const expected = gemm({ m, n, k, a, b });
      for (const c of await Promise.all([first, second, between])) expect(firstDifference(c, expected)).toBe(-1);
      // Settled and failed calls let go of their output.
      const failing = { m, n, k, a, b, c: random(plain(m * n)) };
      const pending = gemmAsync(failing);
      await expect(gemmAsync({ ...failing, n: n + 1 })).rejects.toMatchObject({ code: "ERR_STRIDE" });
      await pending;
      expect(firstDifference(await gemmAsync(failing), expected)).toBe(-1);
    });

    test("outputs that overlap in shared memory are found too", async () => {
      setBackend(backend);
      const { a, b } = operands(plain);
      const c = new Float32Array(new SharedArrayBuffer(4 * m * n));
      const first = gemmAsync({ m, n, k, a, b, c });
      await expect(gemmAsync({ m, n, k, a, b, c })).rejects.toMatchObject({ code: "ERR_BUSY" });
      expect(firstDifference(await first, gemm({ m, n, k, a, b }))).toBe(-1);
    });
  });
}
