#include "sides.h"

#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#if DOWNHILL_PEERS_LIBXSMM
#include "xsmm.h"
#endif

namespace peers {
namespace {

using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
using Dgemm = void (*)(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*, int);
using DnnlSgemm = int (*)(char, char, int64_t, int64_t, int64_t, float, const float*, int64_t, const float*, int64_t,
                          float, float*, int64_t);

template <class F>
F symbol(void* library, const char* name) {
  return reinterpret_cast<F>(dlsym(library, name));
}

// Every library keeps its own symbols (DEEPBIND) and gives none away (LOCAL).
void* open_library(const std::string& path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND); }

std::string path_of(void* address) {
  Dl_info info{};
  return dladdr(address, &info) && info.dli_fname ? info.dli_fname : "";
}

template <class T, class F>
Multiply<T> cblas_call(F function) {
  if (function == nullptr) return {};
  return [function](const Shape& s, const T* a, const T* b, T* c) {
    function(101, s.trans_a ? 112 : 111, s.trans_b ? 112 : 111, static_cast<int>(s.m), static_cast<int>(s.n),
             static_cast<int>(s.k), 1, a, static_cast<int>(s.lda()), b, static_cast<int>(s.ldb()), 0, c,
             static_cast<int>(s.ldc()));
  };
}

// Libraries differ in how they are told. libgomp is one for the whole process.
std::function<void(int)> thread_setter(void* library) {
  using SetInt = void (*)(int);
  using SetLong = void (*)(int64_t);
  for (const char* name : {"downhill_set_threads", "openblas_set_num_threads", "MKL_Set_Num_Threads"}) {
    if (const auto set = symbol<SetInt>(library, name)) return set;
  }
  if (const auto set = symbol<SetLong>(library, "bli_thread_set_num_threads")) return [set](int n) { set(n); };
  static void* const gomp = dlopen("libgomp.so.1", RTLD_NOW | RTLD_LOCAL);
  if (gomp != nullptr) {
    if (const auto set = symbol<SetInt>(gomp, "omp_set_num_threads")) return set;
  }
  return [](int) {};
}

void add_cblas(Sides& sides, const std::string& name, const std::string& path) {
  void* library = open_library(path);
  if (library == nullptr) {
    sides.missing.push_back(name + " (" + dlerror() + ")");
    return;
  }
  const auto sgemm = symbol<Sgemm>(library, "cblas_sgemm");
  if (sgemm == nullptr) {
    sides.missing.push_back(name + " (" + path + " has no cblas_sgemm)");
    return;
  }
  Side side;
  side.name = name;
  side.path = path_of(reinterpret_cast<void*>(sgemm));
  side.multiply32 = cblas_call<float>(sgemm);
  side.multiply64 = cblas_call<double>(symbol<Dgemm>(library, "cblas_dgemm"));
  side.set_threads = thread_setter(library);
  sides.all.push_back(side);
}

void add_onednn(Sides& sides) {
  for (const char* path : {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}) {
    void* library = open_library(path);
    const auto sgemm = library ? symbol<DnnlSgemm>(library, "dnnl_sgemm") : nullptr;
    if (sgemm == nullptr) continue;
    Side side;
    side.name = "oneDNN";
    side.path = path_of(reinterpret_cast<void*>(sgemm));
    side.multiply32 = [sgemm](const Shape& s, const float* a, const float* b, float* c) {
      const auto at = [](size_t x) { return static_cast<int64_t>(x); };
      sgemm(s.trans_a ? 'T' : 'N', s.trans_b ? 'T' : 'N', at(s.m), at(s.n), at(s.k), 1, a, at(s.lda()), b, at(s.ldb()),
            0, c, at(s.ldc()));
    };
    side.set_threads = thread_setter(library);
    sides.all.push_back(side);
    return;
  }
  sides.missing.push_back("oneDNN (no libdnnl)");
}

void set_default(std::vector<std::string>& done, const char* name, const char* value) {
  if (std::getenv(name) != nullptr) return;
  setenv(name, value, 0);
  done.push_back(std::string(name) + "=" + value);
}

}  // namespace

std::vector<std::string> set_peer_environment() {
  std::vector<std::string> done;
#if defined(__x86_64__)
  const char* isa = std::getenv("DOWNHILL_ISA");
  if (isa != nullptr && std::strcmp(isa, "avx2") == 0) {
    // Ours was told to keep to AVX2: so are the peers.
    set_default(done, "OPENBLAS_CORETYPE", "Haswell");
    set_default(done, "BLIS_ARCH_TYPE", "3");
    set_default(done, "DNNL_MAX_CPU_ISA", "AVX2");
  } else if (__builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f")) {
    // OpenBLAS 0.3.21 and BLIS 0.9 do not know Zen 4 and 5 and would take kernels without AVX-512.
    set_default(done, "OPENBLAS_CORETYPE", "SkylakeX");
    set_default(done, "BLIS_ARCH_TYPE", "0");
  }
#endif
  return done;
}

Sides load_sides(const std::string& ours, const std::vector<std::string>& extra) {
  Sides sides;
  add_cblas(sides, "downhill", ours);
  if (sides.all.empty()) throw std::runtime_error(sides.missing[0]);
  void* library = open_library(ours);
  const auto isa = symbol<const char* (*)()>(library, "downhill_isa");
  if (isa == nullptr) throw std::runtime_error(ours + " has no downhill_isa");
  sides.isa = isa();
  add_cblas(sides, "OpenBLAS", "libopenblas.so.0");
  add_cblas(sides, "BLIS", "libblis.so.4");
  add_onednn(sides);
  for (const std::string& path : extra) add_cblas(sides, path.substr(path.rfind('/') + 1), path);
#if DOWNHILL_PEERS_LIBXSMM
  sides.all.push_back(libxsmm_side());
#else
  sides.missing.push_back("libxsmm (not found when this program was built)");
#endif
  return sides;
}

}  // namespace peers
