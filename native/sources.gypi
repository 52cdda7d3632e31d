{
  "variables": {
    "downhill_core_sources": [
      "native/dispatch/cpu.cc",
      "native/dispatch/dispatch.cc",
      "native/gemm/gemm.cc",
      "native/gemm/scratch.cc",
      "native/memory/buffer.cc",
      "native/optim/plan.cc",
      "native/optim/rules.cc",
      "native/parallel/limits.cc",
      "native/parallel/pool.cc",
      "native/reduce/reduce.cc",
      "native/isa/avx512/gemm.cc",
      "native/isa/avx512/optim.cc",
      "native/isa/avx512/ops.cc",
      "native/isa/avx512/reduce.cc",
      "native/isa/avx2/gemm.cc",
      "native/isa/avx2/optim.cc",
      "native/isa/avx2/ops.cc",
      "native/isa/avx2/reduce.cc",
      "native/isa/neon/gemm.cc",
      "native/isa/neon/optim.cc",
      "native/isa/neon/ops.cc",
      "native/isa/neon/reduce.cc",
      "native/isa/scalar/gemm.cc",
      "native/isa/scalar/optim.cc",
      "native/isa/scalar/ops.cc",
      "native/isa/scalar/reduce.cc"
    ],
    "downhill_binding_sources": [
      "native/addon.cc",
      "native/binding/gemm.cc",
      "native/binding/info.cc",
      "native/binding/memory.cc",
      "native/binding/reduce.cc",
      "native/binding/optim.cc"
    ],
    "downhill_blas_sources": [],
    "downhill_cflags": [
      "-std=c++20",
      "-O3",
      "-ffp-contract=off",
      "-fno-math-errno",
      "-fno-trapping-math",
      "-fvisibility=hidden",
      "-fvisibility-inlines-hidden",
      "-Wall",
      "-Wextra",
      "-Wno-unused-parameter",
      "-Wno-unknown-pragmas"
    ]
  }
}
