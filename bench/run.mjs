// npm run bench -- [name…] [--json FILE] [--quick]: runs the files of this folder, one question each.
import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const folder = dirname(fileURLToPath(import.meta.url));
const available = readdirSync(folder)
  .filter((file) => file.endsWith(".mjs") && file !== "run.mjs")
  .map((file) => file.slice(0, -4))
  .sort();

function usage(message) {
  process.stderr.write(
    `bench: ${message}\nusage: npm run bench -- [name…] [--json FILE] [--quick]\nnames: ${available.join(", ")}\n`,
  );
  process.exit(2);
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: "string" }, quick: { type: "boolean", default: false } },
    });
    return { ...values, names: positionals };
  } catch (error) {
    return usage(error.message);
  }
}

const { names, json, quick } = options();
const unknown = names.filter((name) => !available.includes(name));
if (unknown.length > 0) usage(`no benchmark named ${unknown.join(", ")}`);

const { Bench } = await import("./harness/bench.mjs");
const { machine, machineLine } = await import("./harness/machine.mjs");
const print = (text) => process.stdout.write(`${text}\n`);
const about = machine();
print(`${machineLine(about)}\n`);
const results = [];
for (const name of names.length > 0 ? names : available) {
  const { default: question } = await import(pathToFileURL(join(folder, `${name}.mjs`)).href);
  print(`── ${name}: ${question.question}\n`);
  const bench = new Bench({ name, print, budget: quick ? 0.3 : 2 });
  await question.run(bench);
  results.push(...bench.results);
}
if (json) writeFileSync(json, `${JSON.stringify({ machine: about, quick, results }, null, 2)}\n`);
