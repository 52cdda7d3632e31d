// The binding refuses every program and loop call that could leave its buffers, whatever TypeScript hands it.
import { describe, expect, it } from "vitest";
import { allocate } from "../../src/backend/allocate.ts";
import { loadAddon } from "../../src/backend/native/load.ts";
import { OP_NAMES, OPCODES, type OpName } from "../../src/backend/program.ts";

function requireAddon() {
  const { addon } = loadAddon();
  if (!addon) throw new Error("these tests need the addon: npm run build");
  return addon;
}

const addon = requireAddon();
/** Spaces: workspace of 4096 bytes, x, y and weights of 64, stats of 16. */
const BYTES = Float64Array.of(4096, 0, 0, 0, 64, 64, 64, 16);
const [WORKSPACE, X, Y, STATS] = [0, 4, 5, 7];
const [ELEMENT, INT32, FLOAT64] = [0, 1, 2];
const memory = () =>
  [allocate("float32", 16), allocate("float32", 16), allocate("float32", 16)] as [Float32Array, Float32Array, Float32Array];

function code(op: number, operands: number[], ints: number[], reals: number[] = []): number[] {
  const pad = (list: number[], length: number, value: number) => [...list, ...new Array(length - list.length).fill(value)];
  return [op, 0, ...pad(operands, 6, -1), ...pad(ints, 14, 0), ...pad(reals, 2, 0)];
}

function create(operands: number[][], ...instructions: number[][]): unknown {
  return addon.programCreate(false, BYTES, Float64Array.from(operands.flat()), Float64Array.from(instructions.flat()), memory());
}

const op = (name: OpName) => OP_NAMES.indexOf(name);
const full = [WORKSPACE, ELEMENT, 0, 1024];

describe("the binding of programs", () => {
  it("takes what fits", () => {
    expect(() => create([full], code(op("fill"), [0], [1024], [1]))).not.toThrow();
  });

  it("refuses operands outside their space, misaligned, or of no known space or kind", () => {
    for (const operand of [
      [WORKSPACE, ELEMENT, 0, 1025],
      [WORKSPACE, ELEMENT, 4096, 1],
      [WORKSPACE, ELEMENT, 4100, 0],
      [WORKSPACE, ELEMENT, 2, 1],
      [WORKSPACE, FLOAT64, 4, 1],
      [WORKSPACE, ELEMENT, -4, 1],
      [WORKSPACE, ELEMENT, 0, -1],
      [WORKSPACE, ELEMENT, 0, 2 ** 53],
      [WORKSPACE, ELEMENT, 2 ** 53, 1],
      [WORKSPACE, ELEMENT, 0, Number.NaN],
      [WORKSPACE, ELEMENT, Number.POSITIVE_INFINITY, 1],
      [8, ELEMENT, 0, 1],
      [-1, ELEMENT, 0, 1],
      [WORKSPACE, 3, 0, 1],
      [STATS, FLOAT64, 0, 3],
      [1, ELEMENT, 0, 17],
    ]) {
      expect(() => create([operand])).toThrow(RangeError);
    }
  });

  it("refuses unknown instructions and operands that do not exist", () => {
    expect(() => create([full], code(OP_NAMES.length, [0], [1]))).toThrow(RangeError);
    expect(() => create([full], code(-1, [0], [1]))).toThrow(RangeError);
    expect(() => create([full], code(op("fill"), [1], [1]))).toThrow(RangeError);
    expect(() => create([full], code(op("fill"), [-2], [1]))).toThrow(RangeError);
    expect(() => create([full], code(op("fill"), [], [1]))).toThrow(RangeError);
  });

  it.each(OP_NAMES)("refuses %s where its integers reach beyond its operands", (name) => {
    const [operands, ints, reals] = OPCODES[name];
    const small = [
      [WORKSPACE, ELEMENT, 0, 4],
      [Y, INT32, 0, 4],
      [STATS, FLOAT64, 0, 2],
    ];
    const all = Array.from({ length: operands }, () => 0);
    for (const size of [5, 1000, 2 ** 31, 2 ** 47, 2 ** 52, -1]) {
      const numbers = Array.from({ length: ints }, () => size);
      expect(() => create(small, code(op(name), all, numbers, new Array(reals).fill(0)))).toThrow(RangeError);
    }
  });

  it("refuses labels that are no integers and statistics that are no float64", () => {
    const x = [X, ELEMENT, 0, 16];
    const out = [WORKSPACE, ELEMENT, 0, 16];
    expect(() => create([x, out], code(op("crossEntropySparse"), [0, 1, -1, 1, 1, -1], [4, 4], [1, 0]))).toThrow(RangeError);
    expect(() => create([x, out], code(op("stats"), [0, -1, 1], [4]))).toThrow(RangeError);
    expect(() => create([x, out], code(op("gemm"), [0, 0, 1], [2, 2, 2, 0, 0, 7]))).toThrow(RangeError);
    expect(() => create([x, out], code(op("unary"), [0, 1], [99, 4]))).toThrow(RangeError);
    expect(() => create([x, out], code(op("dropout"), [0, 1], [2, 2, 0], [1]))).toThrow(RangeError);
  });

  it("refuses memory that is not the addon's own, and handles of another kind", () => {
    const plain = new Float32Array(16);
    const empty = new Float64Array(0);
    expect(() => addon.programCreate(false, BYTES, empty, empty, [plain, plain, plain])).toThrow(
      expect.objectContaining({ code: "ERR_BACKEND" }),
    );
    expect(() => addon.programRun({})).toThrow(TypeError);
    expect(() => addon.programRun(undefined)).toThrow(TypeError);
    expect(() => addon.programSpace({}, 0)).toThrow(RangeError);
    const program = create([full]);
    expect(() => addon.programSpace(program, 8)).toThrow(RangeError);
    expect(() => addon.loopCancel(program)).toThrow(RangeError);
  });
});
