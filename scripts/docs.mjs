// Writes the tables of the documentation that the registry (and, of convergence, a test's figures) knows better: between <!-- NAME --> and <!-- /NAME --> of
// README.md and docs/. node scripts/docs.mjs writes, --check only compares (the tests call it).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { methods } = await import("../dist/testing.js");
const convergence = JSON.parse(readFileSync(join(root, "test/optim/convergence.json"), "utf8"));

const cell = (text) => String(text).replaceAll("|", "\\|");
function table(header, rows) {
  const all = [header, ...rows].map((row) => row.map(cell));
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(" | ")} |`;
  return [line(all[0]), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...all.slice(1).map(line)].join("\n");
}

const shown = (value) =>
  value === Number.POSITIVE_INFINITY
    ? "Infinity"
    : typeof value === "string"
      ? `"${value}"`
      : Array.isArray(value)
        ? `[${value.join(", ")}]`
        : String(value);
const ACCEPTS = {
  number: ({ range }) => range.text,
  boolean: () => "true or false",
  choice: ({ choices }) => choices.map((c) => `"${c}"`).join(", "),
  numbers: (row) => `${row.default.length} finite numbers`,
};
const accepts = (row) => ACCEPTS[row.kind](row);
const common = Object.keys(methods[0].options).filter((key) => methods.every(({ options }) => key in options));
const own = ({ options }) => Object.entries(options).filter(([key]) => !common.includes(key));

/** Defaults of a method that differ from the first method's, and its own options with theirs. */
function summary(method) {
  const differing = common
    .filter((key) => !Object.is(method.options[key].default, methods[0].options[key].default))
    .map((key) => [key, method.options[key]]);
  return [...own(method), ...differing].map(([key, row]) => `\`${key}\` ${shown(row.default)}`).join(", ");
}

const rowsOf = (entries) =>
  entries.map(([key, row]) => [
    row.alias ? `\`${key}\` (or \`${row.alias}\`)` : `\`${key}\``,
    shown(row.default),
    accepts(row),
    row.meaning + (row.fixed ? "; fixed after construction" : ""),
  ]);
const header = ["Option", "Default", "Accepts", "Meaning"];

const generated = {
  "README.md": {
    optimizers: table(
      ["Class", "Options beside the common ones, and defaults that differ"],
      methods.map((method) => [`\`${method.name}\``, summary(method)]),
    ),
  },
  "docs/optimizers.md": {
    common: table(header, rowsOf(common.map((key) => [key, methods[0].options[key]]))),
    options: methods
      .map((method) => {
        const rows = rowsOf(own(method));
        const differing = common.filter((key) => !Object.is(method.options[key].default, methods[0].options[key].default));
        const note = differing.map((key) => `\`${key}\` ${shown(method.options[key].default)}`).join(", ");
        return `### ${method.name}\n\n${rows.length > 0 ? table(header, rows) : "No options of its own."}${note ? `\n\nDefaults: ${note}.` : ""}`;
      })
      .join("\n\n"),
    convergence: [
      table(
        ["Class", "Learning rate", "Steps", "Right of 256 points"],
        Object.entries(convergence.network.classes).map(([name, { learningRate, right }]) => [
          name,
          learningRate,
          convergence.network.steps,
          `${right} (${((100 * right) / 256).toFixed(1)} %)`,
        ]),
      ),
      table(
        ["Function", "Class", "Options", "Steps", "Loss below"],
        convergence.functions.map(({ problem, optimizer, options, steps, bound }) => [
          problem,
          optimizer,
          Object.entries(options)
            .map(([key, value]) => `\`${key}\` ${shown(value)}`)
            .join(", "),
          steps,
          bound,
        ]),
      ),
    ].join("\n\n"),
  },
};

let stale = 0;
for (const [file, parts] of Object.entries(generated)) {
  const path = join(root, file);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  let text = before;
  for (const [name, content] of Object.entries(parts)) {
    const pattern = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`);
    if (!pattern.test(text)) throw new Error(`${file}: no place for <!-- ${name} -->`);
    text = text.replace(pattern, (_, open, close) => open + content + close);
  }
  if (text === before) continue;
  stale += 1;
  if (process.argv.includes("--check")) process.stdout.write(`${file} is not what the registry says: node scripts/docs.mjs\n`);
  else writeFileSync(path, text);
}
process.exitCode = process.argv.includes("--check") && stale > 0 ? 1 : 0;
