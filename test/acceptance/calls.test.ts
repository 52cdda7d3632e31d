// The public contract of memory, matrix multiply and the backend's description: names, errors, and that both backends
// accept and reject exactly the same calls.
import { afterAll, describe, expect, test } from "vitest";
import * as downhill from "../../src/index.ts";
import { runChild } from "../backend/child.ts";

const CODES =
  "ERR_DTYPE ERR_LENGTH ERR_SHAPE ERR_STRIDE ERR_DETACHED ERR_ALIAS ERR_DUPLICATE ERR_RANGE ERR_OPTION ERR_STATE ERR_BUSY ERR_BACKEND ERR_ISA ERR_FORMAT ERR_OUT_OF_MEMORY ERR_ABORTED".split(
    " ",
  );
const f32 = (length: number, value = 1) => new Float32Array(length).fill(value);
function detached(): Float32Array {
  const array = f32(4);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}
const base = () => ({ m: 2, n: 2, k: 2, a: f32(4), b: f32(4) });
const shared = f32(8);
const tensor = (shape: number[]) => downhill.tensor(f32(shape.reduce((a, b) => a * b, 1)), shape);

/** Calls with the code that each must be refused with; null: accepted. */
const CALLS: [name: string, call: () => unknown, code: string | null][] = [
  ...[
    null,
    undefined,
    [1, 2, 3, 4],
    new DataView(new ArrayBuffer(16)),
    new Proxy(f32(4), {}),
    new Int32Array(4),
    new Float64Array(4),
  ].map((b, i): [string, () => unknown, string] => [`kind ${i}`, () => downhill.gemm({ ...base(), b: b as never }), "ERR_DTYPE"]),
  ...[-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53].map((m): [string, () => unknown, string] => [
    `m = ${m}`,
    () => downhill.gemm({ ...base(), m }),
    "ERR_RANGE",
  ]),
  ...["3", 3n, null].map((m): [string, () => unknown, string] => [
    `m of another kind`,
    () => downhill.gemm({ ...base(), m: m as never }),
    "ERR_DTYPE",
  ]),
  ["detached a", () => downhill.gemm({ ...base(), a: detached() }), "ERR_DETACHED"],
  ["detached b where m = 0", () => downhill.gemm({ ...base(), m: 0, b: detached() }), "ERR_DETACHED"],
  ["detached c where k = 0", () => downhill.gemm({ ...base(), k: 0, c: detached() }), "ERR_DETACHED"],
  ["detached bias", () => downhill.gemm({ ...base(), bias: detached() }), "ERR_DETACHED"],
  ["kind comes before detached", () => downhill.gemm({ ...base(), a: detached(), b: null as never }), "ERR_DTYPE"],
  ["detached comes before dimensions", () => downhill.gemm({ ...base(), a: detached(), m: -1 }), "ERR_DETACHED"],
  ["dimensions come before lengths", () => downhill.gemm({ ...base(), a: f32(1), n: -1 }), "ERR_RANGE"],
  [
    "lengths come before alias",
    () => downhill.gemm({ ...base(), a: f32(1), b: shared.subarray(0, 4), c: shared.subarray(1, 5) }),
    "ERR_STRIDE",
  ],
  ["c overlaps a", () => downhill.gemm({ ...base(), a: shared.subarray(0, 4), c: shared.subarray(3, 7) }), "ERR_ALIAS"],
  ["c beside a in one buffer", () => downhill.gemm({ ...base(), a: shared.subarray(0, 4), c: shared.subarray(4, 8) }), null],
  ["a leading dimension too small", () => downhill.gemm({ ...base(), lda: 1 }), "ERR_STRIDE"],
  ["a buffer too short", () => downhill.gemm({ ...base(), ldb: 3 }), "ERR_STRIDE"],
  ["64-bit strides", () => downhill.gemm({ ...base(), lda: 2 ** 52 }), "ERR_STRIDE"],
  ["a bias of another length", () => downhill.gemm({ ...base(), bias: f32(3) }), "ERR_LENGTH"],
  ["beta without c", () => downhill.gemm({ ...base(), beta: 1 }), "ERR_OPTION"],
  ["an unknown activation", () => downhill.gemm({ ...base(), activation: "maxout" as never }), "ERR_OPTION"],
  ["a result beyond all memory", () => downhill.gemm({ ...base(), m: 2 ** 25, n: 2 ** 25, k: 0 }), "ERR_OUT_OF_MEMORY"],
  ["m = 0", () => downhill.gemm({ ...base(), m: 0 }), null],
  ["k = 0 with empty arrays", () => downhill.gemm({ m: 2, n: 2, k: 0, a: f32(0), b: f32(0) }), null],
  ["allocate of another dtype", () => downhill.allocate("int8" as never, 1), "ERR_OPTION"],
  ["allocate of a length below 0", () => downhill.allocate("float32", -1), "ERR_RANGE"],
  ["allocate of 2^45 elements", () => downhill.allocate("float32", 2 ** 45), "ERR_OUT_OF_MEMORY"],
  ["allocate of 2^52 elements", () => downhill.allocate("float64", 2 ** 52), "ERR_OUT_OF_MEMORY"],
  ["allocate of nothing", () => downhill.allocate("float64", 0), null],
  ["tensor of another product", () => downhill.tensor(f32(6), [2, 4]), "ERR_SHAPE"],
  ["tensor of a list", () => downhill.tensor([1] as never, [1]), "ERR_DTYPE"],
  ["matmul of inner dimensions that differ", () => downhill.matmul(tensor([2, 3]), tensor([2, 3])), "ERR_SHAPE"],
  ["matmul of a vector", () => downhill.matmul(tensor([3]), tensor([3, 2])), "ERR_SHAPE"],
  ["matmul of batches that do not broadcast", () => downhill.matmul(tensor([2, 3, 4]), tensor([3, 4, 2])), "ERR_SHAPE"],
  [
    "matmul into its operand",
    () => {
      const a = tensor([2, 2]);
      return downhill.matmul(a, tensor([2, 2]), { out: a });
    },
    "ERR_ALIAS",
  ],
  ["setBackend of an unknown name", () => downhill.setBackend("gpu" as never), "ERR_OPTION"],
  ["setThreads of 0", () => downhill.setThreads(0), "ERR_RANGE"],
];

/** What a call did: "accepted", or its error in one line. */
function outcome(call: () => unknown): { code: string | null; text: string } {
  try {
    call();
    return { code: null, text: "accepted" };
  } catch (error) {
    const { name, message, code } = error as Error & { code: string };
    return { code, text: `${name} ${code} ${message}` };
  }
}

afterAll(() => downhill.setBackend("auto"));

test("both backends accept and reject exactly the same calls, with the contract's codes and the same words", () => {
  const [native, reference] = (["native", "reference"] as const).map((backend) => {
    downhill.setBackend(backend);
    return CALLS.map(([, call]) => outcome(call));
  });
  CALLS.forEach(([name, , code], i) => {
    expect([name, native?.[i]?.code]).toEqual([name, code]);
    expect([name, reference?.[i]?.text]).toEqual([name, native?.[i]?.text]);
    if (code !== null) expect(CODES).toContain(code);
  });
});

describe.each(["native", "reference"] as const)("on the %s backend", (backend) => {
  test("backendInfo has exactly the contract's fields", () => {
    downhill.setBackend(backend);
    const info = downhill.backendInfo();
    expect(Object.keys(info).sort()).toEqual(["exact", "isa", "isas", "name", "numericsVersion", "path", "threads", "tried"]);
    expect(info.name).toBe(backend);
    expect([typeof info.exact, typeof info.isa, typeof info.threads, typeof info.numericsVersion]).toEqual([
      "boolean",
      "string",
      "number",
      "number",
    ]);
  });

  test("allocate gives zeroed arrays of their own, aligned to 64 bytes where the addon makes them", () => {
    downhill.setBackend(backend);
    for (const length of [0, 1, 1000, 1 << 20]) {
      const array = downhill.allocate("float32", length);
      expect([array instanceof Float32Array, array.length, array.byteOffset, array.every((x) => x === 0)]).toEqual([
        true,
        length,
        0,
        true,
      ]);
    }
    expect(downhill.allocate("float64", 3)).toEqual(new Float64Array(3));
  });

  test("gemm: C = activation(αAB + βC + bias), a new array without c; NaN in C vanishes where β = 0", () => {
    downhill.setBackend(backend);
    const [a, b] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(1, -1, 1, 1)];
    expect(downhill.gemm({ m: 2, n: 2, k: 2, a, b })).toEqual(Float32Array.of(3, 1, 7, 1));
    expect(downhill.gemm({ m: 2, n: 2, k: 2, a, b, transA: true })).toEqual(Float32Array.of(4, 2, 6, 2));
    expect(downhill.gemm({ m: 2, n: 2, k: 2, a, b, transB: true })).toEqual(Float32Array.of(-1, 3, -1, 7));
    const c = f32(4, Number.NaN);
    expect(downhill.gemm({ m: 2, n: 2, k: 2, a, b, c, bias: Float32Array.of(-5, 0), activation: "relu" })).toBe(c);
    expect(c).toEqual(Float32Array.of(0, 1, 2, 1));
    expect(downhill.gemm({ m: 2, n: 2, k: 2, a: f32(4, Number.NaN), b, c, alpha: 0, beta: 2 })).toEqual(
      Float32Array.of(0, 2, 4, 2),
    );
    expect(downhill.gemm({ m: 2, n: 2, k: 0, a, b, c, beta: 0.5 })).toEqual(Float32Array.of(0, 1, 2, 1));
  });

  test("gemmAsync gives gemm's result; matmul broadcasts batch dimensions", async () => {
    downhill.setBackend(backend);
    const { a, b, ...sizes } = base();
    expect(await downhill.gemmAsync({ ...sizes, a, b })).toEqual(f32(4, 2));
    await expect(downhill.gemmAsync({ ...sizes, a, b: detached() })).rejects.toMatchObject({ code: "ERR_DETACHED" });
    const product = downhill.matmul(tensor([2, 1, 3, 4]), tensor([5, 4, 2]));
    expect([product.shape, product.data]).toEqual([[2, 5, 3, 2], f32(60, 4)]);
  });
});

test("importing has no effect; everything of the contract is there in CommonJS too", () => {
  const names = "tensor allocate backendInfo setBackend setThreads gemm gemmAsync matmul".split(" ");
  const { stdout } = runChild(`console.log(${JSON.stringify(names)}.map((name) => typeof m[name]).join())`, {
    DOWNHILL_BACKEND: "none",
  });
  expect(stdout).toBe(names.map(() => "function").join());
});
