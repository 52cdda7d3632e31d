export interface ConformanceCase {
  name: string;
  run: () => void;
  /** Why it cannot run here. */
  skip?: string;
}
export function allCases(api: typeof import("../../src/testing.ts")): ConformanceCase[];
