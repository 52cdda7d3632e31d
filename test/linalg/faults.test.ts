// What every way to a product must survive and honour: empty and excluded operands, offsets, odd lengths between canaries,
// shared, growable and resizable memory.
import { afterAll, describe, expect, test } from "vitest";
import { createNative } from "../../src/backend/native/native.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import type { Dtype, FloatArray } from "../../src/core/types.ts";
import { gemm, packB, prepareGemm, setBackend } from "../../src/index.ts";
import { callOf, filled, firstDifference, generator, resultOf, TRANSPOSES } from "./cases.ts";
import { addonForTests, forEachIsa } from "./isas.ts";
import { optionsOf, WAYS } from "./ways.ts";

afterAll(() => setBackend("auto"));

type Resizable = ArrayBuffer & { resize(bytes: number): void };
const resizable = (bytes: number, most = bytes): Resizable =>
  new (ArrayBuffer as unknown as new (bytes: number, o: object) => Resizable)(bytes, { maxByteLength: most });
const growable = (bytes: number): SharedArrayBuffer =>
  new (SharedArrayBuffer as unknown as new (bytes: number, o: object) => SharedArrayBuffer)(bytes, { maxByteLength: 2 * bytes });

const ofDtype = (dtype: Dtype) => (dtype === "float32" ? Float32Array : Float64Array);

for (const backend of ["native", "reference"] as const) {
  describe(backend, () => {
    for (const { name, takes, run } of WAYS) {
      const next = generator(55);
      const value = () => next() - 0.5;

      test(`${name}: nothing happens where m or n is 0, and C = βC + bias for k = 0`, async () => {
        setBackend(backend);
        for (const [m, n] of [
          [0, 3],
          [3, 0],
          [0, 0],
        ] as const) {
          const call = {
            ...callOf({ dtype: "float32", m, n, k: 4, transA: false, transB: false }, value),
            c: new Float32Array(5),
          };
          if (takes(call)) expect(await run({ ...optionsOf(call), c: call.c.fill(7) })).toEqual(new Float32Array(5).fill(7));
        }
        const call = callOf({ dtype: "float32", m: 3, n: 2, k: 0, transA: false, transB: false, beta: 2, bias: true }, () => 1);
        if (takes(call)) expect(await run(optionsOf(call))).toEqual(new Float32Array(6).fill(3));
      });

      test(`${name}: β = 0 does not read C, α = 0 does not read A or B, 0·Inf is NaN`, async () => {
        setBackend(backend);
        for (const [transA, transB] of TRANSPOSES) {
          for (const [m, n, k] of [
            [5, 7, 6],
            [3, 40, 30],
            [40, 3, 30],
            [1, 300, 9],
          ] as const) {
            const call = callOf({ dtype: "float32", m, n, k, transA, transB }, () => 1);
            if (takes(call)) expect(await run(optionsOf(call))).toEqual(new Float32Array(m * n).fill(k));
            const zero = { ...callOf({ dtype: "float32", m, n, k, transA, transB, alpha: 0, beta: 3 }, () => 1) };
            zero.a.fill(Number.NaN);
            zero.b.fill(Number.POSITIVE_INFINITY);
            if (takes(zero)) expect(await run(optionsOf(zero))).toEqual(new Float32Array(m * n).fill(3));
            call.a[0] = 0;
            call.b[0] = Number.POSITIVE_INFINITY;
            if (takes(call)) expect((await run(optionsOf(call)))[0]).toBeNaN();
          }
        }
      });

      test(`${name}: the same bits at every byte offset, in plain, shared and growable memory`, async () => {
        setBackend(backend);
        for (const dtype of ["float32", "float64"] as const) {
          const Kind = ofDtype(dtype);
          for (const shape of [
            { m: 9, n: 35, k: 21, transA: false, transB: false },
            { m: 3, n: 35, k: 21, transA: false, transB: true },
            { m: 1, n: 330, k: 21, transA: false, transB: false },
            { m: 40, n: 9, k: 21, transA: true, transB: false },
          ]) {
            const call = callOf({ dtype, ...shape, beta: 0.5, bias: true, activation: "relu" }, value);
            if (!takes(call)) continue;
            const expected = await run(optionsOf(call));
            for (let offset = Kind.BYTES_PER_ELEMENT; offset <= 60; offset += Kind.BYTES_PER_ELEMENT) {
              const moved = (array: FloatArray): FloatArray => {
                const bytes = offset + array.byteLength;
                const memory = [new ArrayBuffer(bytes), new SharedArrayBuffer(bytes), growable(bytes), resizable(bytes)];
                const copy = new Kind(memory[(offset / 4) % 4] as ArrayBuffer, offset, array.length);
                copy.set(array as Float32Array);
                return copy;
              };
              const options = {
                ...optionsOf(call),
                a: moved(call.a),
                b: moved(call.b),
                bias: moved(call.bias!),
                c: moved(call.c),
              };
              expect(firstDifference(await run(options), expected), `${dtype} offset ${offset}`).toBe(-1);
            }
          }
        }
      });
    }

    test("a buffer that was resized between calls is measured again", () => {
      setBackend(backend);
      const buffer = resizable(64, 128);
      const tracking = new Float32Array(buffer).fill(1);
      const bound = new Float32Array(buffer, 32, 8);
      const b = new Float32Array(16).fill(1);
      const code = (value: string) => expect.objectContaining({ code: value });
      const options = { m: 4, n: 4, k: 4, a: tracking, b };
      expect(gemm(options)[15]).toBe(4);
      const prepared = prepareGemm({ m: 2, n: 4, k: 4, a: bound, b, c: new Float32Array(8).fill(7) });
      buffer.resize(48);
      expect(() => gemm(options)).toThrow(code("ERR_STRIDE"));
      expect(() => gemm({ ...options, m: 2, a: bound })).toThrow(code("ERR_LENGTH"));
      expect(() => packB({ n: 2, k: 4, b: bound })).toThrow(code("ERR_LENGTH"));
      expect(() => prepared.run()).toThrow(code("ERR_LENGTH"));
      expect(prepared.c).toEqual(new Float32Array(8).fill(7));
      buffer.resize(128);
      tracking.fill(2);
      expect(gemm({ ...options, m: 8, a: tracking })[31]).toBe(8);
      expect(prepared.run()).toEqual(new Float32Array(8).fill(8));
    });
  });
}

test("every length from 0 to 257 in every place, between canaries: the reference's bits, and nothing else written", () => {
  const native = createNative(addonForTests());
  const exact = createReference(true);
  const next = generator(56);
  for (const [transA, transB] of TRANSPOSES) {
    for (let length = 0; length <= 257; length++) {
      for (const [m, n, k] of [
        [length, 3, 5],
        [3, length, 5],
        [1, length, 18],
        [length, 1, 18],
        [6, length, 3],
        [3, 5, length],
        [5, 2, length],
      ] as const) {
        const call = callOf({ dtype: "float32", m, n, k, transA, transB, slack: 1 + (length % 3) }, () => next() - 0.5);
        if (m === 0 || n === 0) continue; // the facade returns before
        const expected = resultOf(exact, call);
        forEachIsa((isa) => {
          const at = firstDifference(resultOf(native, call), expected);
          if (at !== -1) expect(at, `${isa} ${m}×${n}×${k} ${transA} ${transB}`).toBe(-1);
        });
      }
    }
  }
});

test("C that overlaps an operand by one element up to all of it is refused; touching it is not", () => {
  for (const backend of ["native", "reference"] as const) {
    setBackend(backend);
    for (const { name, run } of WAYS.filter((way) => way.name !== "gemmBatched" && way.name !== "gemm with packB")) {
      const memory = filled("float32", 64, () => 1) as Float32Array;
      const code = expect.objectContaining({ code: "ERR_ALIAS" });
      for (const place of ["a", "b"] as const) {
        for (let shift = -15; shift <= 15; shift++) {
          const options = { m: 4, n: 4, k: 4, a: new Float32Array(16), b: new Float32Array(16), c: memory.subarray(24, 40) };
          const call = () => run({ ...options, [place]: memory.subarray(24 + shift, 40 + shift) });
          if (name === "gemmAsync") continue;
          expect(call, `${name} ${place} ${shift}`).toThrow(code);
        }
        const beside = { m: 4, n: 4, k: 4, a: new Float32Array(16), b: new Float32Array(16), c: memory.subarray(16, 32) };
        if (name !== "gemmAsync") run({ ...beside, [place]: memory.subarray(32, 48) });
      }
    }
  }
});
