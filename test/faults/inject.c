// Makes the n-th allocation or thread of one shared object fail. Preloaded into Node it takes the place of the C library's
// functions; required as an addon (the same file, hence the same object) it is told from JavaScript what to do:
//   arm(object, kind, n)  the n-th call from now (0: none) that `object` makes fails; kind is "memory" or "thread"
//   disarm()              how many such calls there were
//   call(path, a, b, c)   cblas_sgemm of square row-major matrices through the library at `path`
// A call is made by the object if its code made it, or the C or C++ runtime on its behalf. glibc only.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <node_api.h>

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

struct range { uintptr_t begin, end; };
enum { kTarget, kRuntime, kOther };
enum { kMemory = 1, kThread = 2 };

static struct range target[8], runtime[64];
static int targets, runtimes;
static const char* wanted;
static atomic_int armed;
static atomic_long count, fail_at;
static __thread int inside;  // the unwinder's own allocations do not count
static int (*real_pthread_create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

static int read_object(struct dl_phdr_info* info, size_t size, void* data) {
  (void)size, (void)data;
  static const char* const names[] = {"libc.so", "libstdc++", "ld-linux", "libgcc_s", "libpthread", "libm.so", "inject."};
  const int is_target = strstr(info->dlpi_name, wanted) != NULL;
  int is_runtime = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) is_runtime |= strstr(info->dlpi_name, names[i]) != NULL;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
    const uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
    const struct range range = {begin, begin + segment->p_memsz};
    if (is_target && targets < 8) target[targets] = range, ++targets;
    else if (is_runtime && runtimes < 64) runtime[runtimes] = range, ++runtimes;
  }
  return 0;
}

static int owner(const void* address) {
  const uintptr_t at = (uintptr_t)address;
  for (int i = 0; i < targets; ++i) if (at >= target[i].begin && at < target[i].end) return kTarget;
  for (int i = 0; i < runtimes; ++i) if (at >= runtime[i].begin && at < runtime[i].end) return kRuntime;
  return kOther;
}

// Whether the target made the call that returns to `address`: the first frame outside of the runtime is the target's.
static int made_by_target(const void* address) {
  int who = owner(address);
  if (who != kRuntime) return who == kTarget;
  void* frames[64];
  const int depth = backtrace(frames, 64);
  for (int i = 0; i < depth; ++i) {
    who = owner(frames[i]);
    if (who != kRuntime) return who == kTarget;
  }
  return 0;
}

static int must_fail(int kind, const void* address) {
  if (atomic_load_explicit(&armed, memory_order_relaxed) != kind || inside) return 0;
  inside = 1;
  if (targets == 0) dl_iterate_phdr(read_object, NULL);  // it may have been loaded meanwhile
  const int failing = made_by_target(address) && atomic_fetch_add(&count, 1) + 1 == atomic_load(&fail_at);
  inside = 0;
  return failing;
}
#define MUST_FAIL(kind) __builtin_expect(must_fail(kind, __builtin_return_address(0)), 0)

void* malloc(size_t size) {
  if (MUST_FAIL(kMemory)) return errno = ENOMEM, NULL;
  return __libc_malloc(size);
}
void* calloc(size_t n, size_t size) {
  if (MUST_FAIL(kMemory)) return errno = ENOMEM, NULL;
  return __libc_calloc(n, size);
}
void* realloc(void* old, size_t size) {
  if (MUST_FAIL(kMemory)) return errno = ENOMEM, NULL;
  return __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  if (MUST_FAIL(kMemory)) return errno = ENOMEM, NULL;
  return __libc_memalign(alignment, size);
}
void* memalign(size_t alignment, size_t size) {
  if (MUST_FAIL(kMemory)) return errno = ENOMEM, NULL;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (MUST_FAIL(kMemory)) return ENOMEM;
  void* memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *out = memory;
  return 0;
}
void* mmap(void* address, size_t length, int protection, int flags, int file, off_t offset) {
  if (MUST_FAIL(kMemory)) return errno = ENOMEM, MAP_FAILED;
  return (void*)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  if (real_pthread_create == NULL) real_pthread_create = dlsym(RTLD_NEXT, "pthread_create");
  if (MUST_FAIL(kThread)) return EAGAIN;
  return real_pthread_create(thread, attributes, start, argument);
}

static napi_value arm(napi_env env, napi_callback_info info) {
  static char name[64];
  char kind[16];
  size_t argc = 3, length;
  napi_value arguments[3];
  int64_t n;
  void* warm[4];
  if (napi_get_cb_info(env, info, &argc, arguments, NULL, NULL) != napi_ok || argc < 3) return NULL;
  if (napi_get_value_string_utf8(env, arguments[0], name, sizeof name, &length) != napi_ok) return NULL;
  if (napi_get_value_string_utf8(env, arguments[1], kind, sizeof kind, &length) != napi_ok) return NULL;
  if (napi_get_value_int64(env, arguments[2], &n) != napi_ok) return NULL;
  backtrace(warm, 4);  // loads the unwinder
  wanted = name;
  targets = runtimes = 0;
  dl_iterate_phdr(read_object, NULL);
  atomic_store(&count, 0);
  atomic_store(&fail_at, n);
  atomic_store(&armed, kind[0] == 't' ? kThread : kMemory);
  return NULL;
}

static napi_value disarm(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  atomic_store(&armed, 0);
  return napi_create_int64(env, atomic_load(&count), &result) == napi_ok ? result : NULL;
}

typedef void (*sgemm)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);

static napi_value call(napi_env env, napi_callback_info info) {
  char path[1024];
  size_t argc = 4, length;
  napi_value arguments[4];
  void* data[3];
  if (napi_get_cb_info(env, info, &argc, arguments, NULL, NULL) != napi_ok || argc < 4) return NULL;
  if (napi_get_value_string_utf8(env, arguments[0], path, sizeof path, &length) != napi_ok) return NULL;
  for (int i = 0; i < 3; ++i) {
    if (napi_get_typedarray_info(env, arguments[1 + i], NULL, &length, &data[i], NULL, NULL) != napi_ok) return NULL;
  }
  void* library = dlopen(path, RTLD_NOW);
  const sgemm function = library == NULL ? NULL : (sgemm)dlsym(library, "cblas_sgemm");
  if (function == NULL) {
    napi_throw_error(env, NULL, dlerror());
    return NULL;
  }
  const int n = (int)sqrt((double)length);
  function(101, 111, 111, n, n, n, 1, data[0], n, data[1], n, 0, data[2], n);
  return NULL;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor properties[] = {
      {"arm", NULL, arm, NULL, NULL, NULL, napi_default, NULL},
      {"disarm", NULL, disarm, NULL, NULL, NULL, napi_default, NULL},
      {"call", NULL, call, NULL, NULL, NULL, napi_default, NULL},
  };
  return napi_define_properties(env, exports, 3, properties) == napi_ok ? exports : NULL;
}
