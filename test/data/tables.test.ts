import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvRows, readCsv } from "../../src/data/csv.ts";
import { jsonLines, readJsonl } from "../../src/data/jsonl.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "downhill-table-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("readCsv", () => {
  test("finds the header where no cell of the first row is a number", async () => {
    expect(await readCsv(["a,b\n1,x\n2,y\n"])).toEqual({
      columns: ["a", "b"],
      rows: [
        ["1", "x"],
        ["2", "y"],
      ],
    });
  });
  test("numbers the columns without a header", async () => {
    expect(await readCsv(["1,2\n3,4"])).toEqual({
      columns: ["0", "1"],
      rows: [
        ["1", "2"],
        ["3", "4"],
      ],
    });
  });
  test("reads quotes, line breaks in quotes, a byte-order mark and CRLF across chunk borders", async () => {
    const { columns, rows } = await readCsv(["\uFEFFname,no", 'te\r\n"a ""b"""', ',"1\r\n2"\r\n', "\r\nc,3\r\n"]);
    expect(columns).toEqual(["name", "note"]);
    expect(rows).toEqual([
      ['a "b"', "1\r\n2"],
      ["c", "3"],
    ]);
  });
  test("reads gzip and tab-separated files by their names", async () => {
    const path = join(folder, "data.tsv.gz");
    await writeFile(path, gzipSync("u\tv\n1\t2\n"));
    expect(await readCsv(path)).toEqual({ columns: ["u", "v"], rows: [["1", "2"]] });
  });
  test("streams: the first row is there before the source ends", async () => {
    let produced = 0;
    async function* endless() {
      for (;;) {
        produced++;
        yield `${produced},${"x".repeat(1000)}\n`;
      }
    }
    let seen = 0;
    for await (const _ of csvRows(endless())) if (++seen === 100) break;
    expect(seen).toBe(100);
    expect(produced).toBeLessThan(2000);
  });
  test.each([
    ["rows of unequal length", "a,b\n1,2,3\n"],
    ["an open quote", 'a,b\n"1,2\n'],
    ["nothing", "\n\n"],
    ["a column named twice", "a,a\n1,2\n"],
  ])("refuses %s with ERR_FORMAT", async (_, text) => {
    await expect(readCsv([text])).rejects.toMatchObject({ code: "ERR_FORMAT" });
  });
  test("passes the system's error of a missing file on", async () => {
    await expect(readCsv(join(folder, "none.csv"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(readCsv(join(folder, "none.csv.gz"))).rejects.toMatchObject({ code: "ENOENT" });
  });
  test("refuses a delimiter of two characters with ERR_OPTION", async () => {
    await expect(readCsv(["a"], { delimiter: "::" })).rejects.toMatchObject({ code: "ERR_OPTION" });
  });
});

describe("JSON lines", () => {
  test("streams documents and skips empty lines", async () => {
    const seen: unknown[] = [];
    for await (const value of jsonLines(['{"a":1}\n\n[2', ']\r\n"x"'])) seen.push(value);
    expect(seen).toEqual([{ a: 1 }, [2], "x"]);
  });
  test("names the line that is not JSON", async () => {
    const all = async () => {
      for await (const _ of jsonLines(["1\n2\n{oops\n"]));
    };
    await expect(all()).rejects.toMatchObject({ code: "ERR_FORMAT", message: /jsonl:3:/ });
  });
  test("reads flat objects as a table; a missing key is an empty cell", async () => {
    expect(await readJsonl(['{"a":1,"b":"x"}\n{"a":2.5}\n'])).toEqual({
      columns: ["a", "b"],
      rows: [
        ["1", "x"],
        ["2.5", ""],
      ],
    });
  });
  test.each([["[1]"], ['{"a":1}\n{"b":1}'], [""]])("refuses %s as a table with ERR_FORMAT", async (text) => {
    await expect(readJsonl([text])).rejects.toMatchObject({ code: "ERR_FORMAT" });
  });
  test("passes the system's error of a missing file on", async () => {
    await expect(readJsonl(join(folder, "none.jsonl"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
