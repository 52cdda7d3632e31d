// Worker threads, exit during work, and the floating-point mode of the threads that JavaScript runs on.
import { expect, test } from "vitest";
import { root, runChild } from "./child.ts";

const dist = JSON.stringify(`${root}dist/index.cjs`);

/** A worker that computes and reports, then either ends or goes on computing until somebody stops it. */
const worker = (goesOn: boolean) => `
  const { parentPort } = require("node:worker_threads");
  const m = require(${dist});
  const a = new Float32Array(128 * 128).fill(0.5);
  const once = () => m.gemm({ m: 128, n: 128, k: 128, a, b: a })[77];
  parentPort.postMessage([once(), m.backendInfo().name]);
  while (${goesOn}) once();
`;

test("32 workers load, compute the same and end", () => {
  const program = `
    const { Worker } = require("node:worker_threads");
    const run = () => new Promise((done, fail) => {
      const w = new Worker(${JSON.stringify(worker(false))}, { eval: true });
      let answer;
      w.on("message", (value) => { answer = value; });
      w.on("error", fail);
      w.on("exit", () => done(JSON.stringify(answer)));
    });
    Promise.all(Array.from({ length: 32 }, run)).then((all) => console.log(new Set(all).size, all[0]));`;
  const { status, signal, stdout, stderr } = runChild(program);
  expect([status, signal, stderr]).toEqual([0, null, ""]);
  expect(stdout).toBe('1 [32,"native"]');
});

test("workers are terminated in the middle of native work, one after the other, and memory does not grow", () => {
  const program = `
    const { Worker } = require("node:worker_threads");
    const round = () => new Promise((done) => {
      const w = new Worker(${JSON.stringify(worker(true))}, { eval: true });
      w.once("message", () => setTimeout(() => w.terminate().then(done), Math.random() * 3));
    });
    (async () => {
      for (let i = 0; i < 20; ++i) await round();
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 60; ++i) await round();
      const grown = (process.memoryUsage().rss - before) / 2 ** 20;
      console.log(grown < 64 ? "bounded" : "grew by " + grown + " MiB");
      m.gemm({ m: 64, n: 64, k: 64, a: new Float32Array(4096), b: new Float32Array(4096) });
      console.log(m.backendInfo().name);
    })();`;
  const { status, signal, stdout } = runChild(program);
  expect([status, signal, stdout]).toEqual([0, null, "bounded\nnative"]);
});

test("workers are terminated while native code reads its arguments", () => {
  // Nearly all of such a call goes by in reading the list: the next of its elements is refused once the worker is to end.
  const reader = `
    const addon = require(require(${dist}).backendInfo().path);
    const lists = Array.from({ length: 20_000 }, () => new Float32Array(1));
    const limit = new Float64Array(1);
    const once = () => addon.gradientTool(0, lists, null, limit);
    once();
    require("node:worker_threads").parentPort.postMessage("reads");
    for (;;) once();
  `;
  const program = `
    const { Worker } = require("node:worker_threads");
    const round = () => new Promise((done, fail) => {
      const w = new Worker(${JSON.stringify(reader)}, { eval: true });
      w.once("error", fail);
      w.once("message", () => setTimeout(() => w.terminate().then(done), Math.random() * 3));
    });
    (async () => {
      const codes = new Set();
      for (let i = 0; i < 20; ++i) codes.add(await round());
      console.log(...codes);
    })();`;
  const { status, signal, stdout, stderr } = runChild(program);
  expect({ status, signal, stdout, stderr }).toEqual({ status: 0, signal: null, stdout: "1", stderr: "" });
});

test("the process may exit while workers compute", () => {
  const program = `
    const { Worker } = require("node:worker_threads");
    let ready = 0;
    for (let i = 0; i < 4; ++i) {
      new Worker(${JSON.stringify(worker(true))}, { eval: true }).once("message", () => {
        if (++ready === 4) { m.gemm({ m: 8, n: 8, k: 8, a: new Float32Array(64), b: new Float32Array(64) }); process.exit(7); }
      });
    }`;
  for (let round = 0; round < 5; ++round) {
    const { status, signal } = runChild(program);
    expect([status, signal]).toEqual([7, null]);
  }
});

test("subnormals of JavaScript are what they were after loading and after every call, in main and in workers", () => {
  const probe = `
    const tiny = new Float32Array([1e-40]);
    const intact = () => tiny[0] * 1 !== 0 && Math.fround(1e-30 * 1e-10) !== 0 && 5e-324 * 1 > 0 && 1e-310 / 2 > 0;
    const states = [intact()];
    const a = new Float32Array(256 * 256).fill(1e-30);
    m.backendInfo(); states.push(intact());
    m.gemm({ m: 256, n: 256, k: 256, a, b: a }); states.push(intact());
    m.gemm({ m: 3, n: 3, k: 3, a: new Float64Array(9), b: new Float64Array(9) }); states.push(intact());
    new m.Adam([new Float32Array(100_000)]).step([new Float32Array(100_000).fill(1e-39)]); states.push(intact());
  `;
  const inWorker = `const m = require(${dist}); ${probe} require("node:worker_threads").parentPort.postMessage(states.join());`;
  const program = `${probe}
    console.log(states.join());
    new (require("node:worker_threads").Worker)(${JSON.stringify(inWorker)}, { eval: true }).on("message", (s) => console.log(s, intact()));`;
  const all = "true,true,true,true,true";
  expect(runChild(program).stdout).toBe(`${all}\n${all} true`);
});
