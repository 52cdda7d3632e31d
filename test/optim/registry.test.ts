import { expect, test } from "vitest";
import { checkRules, methods, rules, tensorRules } from "../../src/testing.ts";

const described = [...rules, ...tensorRules].map((r) => ({
  name: r.name,
  slots: r.slots.join(" "),
  coefficients: r.coefficients.join(" "),
}));

test("an addon with other rules is refused: missing, extra, other slots, other coefficients", () => {
  expect(() => checkRules(described)).not.toThrow();
  const [first, ...rest] = described;
  const stale = [
    rest,
    [...described, { name: "unknown", slots: "", coefficients: "rate" }],
    [{ ...first!, slots: "other" }, ...rest],
    [{ ...first!, coefficients: `${first!.coefficients} other` }, ...rest],
  ];
  for (const told of stale) expect(() => checkRules(told)).toThrow(expect.objectContaining({ code: "ERR_BACKEND" }));
});

test("rules and methods have distinct names, and each method's options accept their own defaults", () => {
  expect(new Set(described.map(({ name }) => name)).size).toBe(described.length);
  expect(new Set(methods.map(({ name }) => name)).size).toBe(methods.length);
  for (const { options } of methods)
    for (const row of Object.values(options)) {
      if (row.kind === "number") expect(row.range.contains(row.default)).toBe(true);
      if (row.kind === "choice") expect(row.choices).toContain(row.default);
    }
});
