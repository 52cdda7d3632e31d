// The rules of docs/architecture.md about who may use what, checked over the sources.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { methods } from "../src/optim/rules/registry.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folders of src/, lowest first: a file imports from its own folder and from those before it. */
const layers = "core backend graph linalg schedule optim gradients data checkpoint nn train cli".split(" ");

const below = (folder: string, pattern: RegExp) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name).replaceAll("\\", "/"))
    .filter((name) => pattern.test(name))
    .sort();
const read = (file: string) => readFileSync(join(root, file), "utf8");
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/[^\n]*/g, "$1");
const sources = below("src", /\.ts$/);
const layerOf = (file: string) => (file.split("/").length > 2 ? (file.split("/")[1] ?? "") : "");

interface Import {
  readonly from: string;
  readonly to: string;
  readonly type: boolean;
}

function importsOf(file: string): Import[] {
  const found = withoutComments(read(file)).matchAll(/(?:^|\n)\s*(import|export)\s+(type\s)?[^;"']*?["'](\.[^"']+)["']/g);
  return [...found].map(([, , type, path]) => ({
    from: file,
    to: relative(root, resolve(root, dirname(file), path ?? "")).replaceAll("\\", "/"),
    type: type !== undefined,
  }));
}

const imports = sources.flatMap(importsOf);

test("every folder of src/ has its place among the layers", () => {
  expect(imports.length).toBeGreaterThan(100);
  const folders = new Set(sources.map(layerOf).filter((layer) => layer !== ""));
  expect([...folders].sort()).toEqual([...layers].sort());
});

test("the documentation's table of folders has every folder of src/ and native/, and no other", () => {
  const folders = ["src", "native"].flatMap((top) =>
    readdirSync(join(root, top), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [`${top}/${entry.name}/`] : [],
    ),
  );
  const table =
    (
      read("docs/architecture.md")
        .split(/^## /m)
        .find((part) => part.startsWith("Folders")) ?? ""
    ).match(/^\| `(?:src|native)\/[^|]*\|/gm) ?? [];
  const named = table.flatMap((row) => [...row.matchAll(/`((?:src|native)\/\w+\/)`/g)].map(([, folder]) => folder ?? ""));
  expect(named.sort()).toEqual(folders.sort());
});

test("imports point down, and every imported file exists", () => {
  const wrong = imports.filter(({ from, to }) => {
    if (!existsSync(join(root, to))) return true;
    const layer = layerOf(from);
    if (layer === "") return false; // index.ts and testing.ts stand above all layers
    if (layerOf(to) === "") return layer !== "cli";
    return layers.indexOf(layerOf(to)) > layers.indexOf(layer);
  });
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test("no file imports itself, directly or through others", () => {
  const edges = new Map<string, string[]>();
  for (const { from, to, type } of imports) if (!type) edges.set(from, [...(edges.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    else if (!done.has(file)) for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  expect(cycles).toEqual([]);
});

test("index.ts re-exports and does nothing else", () => {
  for (const file of sources.filter((name) => name.endsWith("/index.ts"))) {
    const rest = withoutComments(read(file)).replace(/export\s+(type\s+)?(\*|\* as \w+|\{[^}]*\})\s*(from\s*"[^"]+")?\s*;/g, "");
    expect(rest.trim(), file).toBe("");
  }
});

test("only the native backend knows the addon, and only selection and memory know a backend by name", () => {
  const wrong = imports.filter(({ from, to }) => to.startsWith("src/backend/native/") && !from.startsWith("src/backend/"));
  expect(wrong.map(({ from }) => from).filter((from) => from !== "src/testing.ts")).toEqual([]);
});

test("nothing is typed any", () => {
  const typed = /[:<|&,]\s*any\b(?!\w)|\bas\s+any\b|@ts-ignore|@ts-nocheck/;
  expect(sources.filter((file) => typed.test(withoutComments(read(file))))).toEqual([]);
});

test("only native/binding/ and addon.cc include Node-API", () => {
  const users = below("native", /\.(cc|h)$/).filter((file) =>
    /#include\s*[<"](node_api|napi|js_native_api|node)\b/.test(read(file)),
  );
  expect(users.length).toBeGreaterThan(1);
  expect(users.filter((file) => !file.startsWith("native/binding/") && file !== "native/addon.cc")).toEqual([]);
});

test("threads start in native/parallel/ only", () => {
  const users = below("native", /\.(cc|h)$/).filter((file) =>
    /std::(jthread|thread)\b|pthread_create/.test(withoutComments(read(file))),
  );
  expect(users.filter((file) => !/^native\/parallel\/|\/test\//.test(file))).toEqual([]);
});

test("kernels are width-agnostic: no intrinsics and no ISA names outside native/isa/", () => {
  const kernels = [...below("native/kernels", /\.h$/), ...below("native/gemm", /\.h$/), ...below("native/optim", /\.(h|cc)$/)];
  const wrong = kernels.filter((file) => /\b_mm\d*_|\bv(ld|st|fma|add|mul)\w*q_f(32|64)\b/.test(withoutComments(read(file))));
  expect(wrong).toEqual([]);
});

test("kernel headers use nothing that would leave the ISA's region", () => {
  for (const file of below("native/kernels", /\.h$/).filter((name) => !/#pragma once/.test(read(name)))) {
    const code = withoutComments(read(file));
    expect(
      /\bstd::|\bthrow\b|\btry\b|\[[&=\w, ]*\]\s*\([^)]*\)\s*(mutable\s*)?\{|^\s+static\s+(?!constexpr|inline|void|cast)/m.exec(
        code,
      )?.[0],
      file,
    ).toBe(undefined);
  }
});

test("every source of native/ is in the one list of sources, and nothing else is", () => {
  const { variables } = JSON.parse(read("native/sources.gypi")) as { variables: Record<string, string[]> };
  const listed = Object.entries(variables)
    .filter(([name]) => name.endsWith("_sources"))
    .flatMap(([, files]) => files);
  expect([...listed].sort()).toEqual(below("native", /\.cc$/).filter((file) => !file.includes("/test/")));
});

test("every ISA has scalar's files; what it has beyond them are headers", () => {
  const filesOf = (isa: string) => readdirSync(join(root, "native/isa", isa)).sort();
  const isas = readdirSync(join(root, "native/isa"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(isas.map((entry) => entry.name).sort()).toEqual(["avx2", "avx512", "neon", "scalar"]);
  for (const { name } of isas) {
    const files = filesOf(name);
    expect(files, name).toEqual(expect.arrayContaining(filesOf("scalar")));
    // Register tricks that one instruction set alone has. A source would be missing from the other tables.
    const own = files.filter((file) => !filesOf("scalar").includes(file));
    expect(
      own.filter((file) => !file.endsWith(".h")),
      name,
    ).toEqual([]);
  }
});

test("every method of the registry has independent reference data", () => {
  // PyTorch's trajectories name the class; the texts' recurrences in textbook.json are mapped to classes by their test.
  const named = below("test/golden", /\.json$/).map(read);
  const known = [...named, read("test/optim/textbook.test.ts")].join("\n");
  const missing = methods.filter(({ name }) => !new RegExp(`"${name}[-"]|\\b${name}\\b`).test(known));
  expect(missing.map(({ name }) => name)).toEqual([]);
});
