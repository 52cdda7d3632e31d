import { describe, expect, test } from "vitest";
import { encodeFeatures, encodeTarget, featureWidth, fitEncoding } from "../../src/data/encoding.ts";

const table = {
  columns: ["size", "color", "label"],
  rows: [
    ["1", "red", "no"],
    ["3", "blue", "yes"],
    ["", "red", "no"],
    ["2", "", "yes"],
  ],
};
const code = (code: string) => expect.objectContaining({ code });

describe("fitEncoding", () => {
  test("standardises numbers, makes texts categories and the last column the target", () => {
    expect(fitEncoding(table)).toEqual({
      features: [
        { column: "size", kind: "number", mean: 2, deviation: Math.sqrt(2 / 3) },
        { column: "color", kind: "category", values: ["blue", "red"] },
      ],
      target: { column: "label", kind: "class", classes: ["no", "yes"] },
    });
  });
  test("takes targets by name and by index, and leaves columns out", () => {
    expect(fitEncoding(table, { target: "label", ignore: ["color"] }).features).toHaveLength(1);
    expect(fitEncoding(table, { target: "-1" }).target.column).toBe("label");
    expect(() => fitEncoding(table, { target: "colour" })).toThrow(code("ERR_OPTION"));
    expect(() => fitEncoding(table, { target: "7" })).toThrow(code("ERR_OPTION"));
  });
  test("finds the task from the target: few integers are classes, other numbers are not", () => {
    const of = (cells: string[], task?: "regression") =>
      fitEncoding({ columns: ["x", "y"], rows: cells.map((cell) => ["1", cell]) }, task ? { task } : {}).target;
    expect(of(["10", "2", "10", "2"])).toEqual({ column: "y", kind: "class", classes: ["2", "10"] });
    expect(of(["1", "2", "3", "4"]).kind).toBe("number");
    expect(of(["0.5", "1.5", "0.5", "1.5"]).kind).toBe("number");
    expect(of(["1", "2", "1", "2"], "regression").kind).toBe("number");
    expect(() => of(["a", "b"], "regression")).toThrow(code("ERR_FORMAT"));
    expect(() => of(["a", "a"])).toThrow(code("ERR_FORMAT"));
    expect(() => of(["a", ""])).toThrow(code("ERR_FORMAT"));
  });
  test("refuses a column of free text and a table of the target alone", () => {
    const rows = Array.from({ length: 101 }, (_, i) => [`text ${i}`, i % 2 ? "a" : "b"]);
    expect(() => fitEncoding({ columns: ["note", "y"], rows })).toThrow(/column note: 101 different texts/);
    expect(() => fitEncoding({ columns: ["y"], rows: [["a"], ["b"]] })).toThrow(code("ERR_FORMAT"));
  });
});

describe("encoding", () => {
  const encoding = fitEncoding(table);
  test("gives rows of numbers; missing numbers are the mean, unknown texts no category", () => {
    const a = Math.fround(1 / Math.sqrt(2 / 3));
    expect(featureWidth(encoding)).toBe(3);
    expect([...encodeFeatures(table, encoding)]).toEqual([-a, 0, 1, a, 1, 0, 0, 0, 1, 0, 0, 0]);
    expect(encodeTarget(table, encoding)).toEqual(new Int32Array([0, 1, 0, 1]));
  });
  test("finds columns by name in any order and needs no target", () => {
    const other = { columns: ["color", "size"], rows: [["green", "2"]] };
    expect([...encodeFeatures(other, encoding)]).toEqual([0, 0, 0]);
    expect(() => encodeTarget(other, encoding)).toThrow(/expected a column label/);
  });
  test("refuses cells that are no number and unknown classes", () => {
    expect(() => encodeFeatures({ columns: ["size", "color"], rows: [["big", "red"]] }, encoding)).toThrow(code("ERR_FORMAT"));
    expect(() => encodeTarget({ columns: ["label"], rows: [["maybe"]] }, encoding)).toThrow(/row 1: unknown class "maybe"/);
  });
});
