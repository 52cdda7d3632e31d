#include "parallel/pool.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "dispatch/isas.h"
#include "parallel/limits.h"

#if DOWNHILL_X86_64
#include <immintrin.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace downhill {
namespace {

using Clock = std::chrono::steady_clock;

// How long an idle worker polls before it sleeps. A sleeping worker takes 30–150 µs to wake, which is more than a whole
// training step on small layers; polling bridges the gaps between the calls of one step. In time, not in turns: a pause
// takes 10 ns on one processor and 45 ns on another.
constexpr auto kSpinTime = std::chrono::microseconds(100);
constexpr unsigned kPausesPerClockReading = 32;

// A caller that waits for a worker's last chunk polls this often before it offers its processor to the scheduler: where
// somebody else runs on the worker's processor, the worker may need ours.
constexpr unsigned kPausesBeforeYield = 2000;

// Jobs after a thread could not be created until the next attempt.
constexpr unsigned kJobsBetweenTries = 256;

// How long it takes from the opening of a job until a polling worker enters it: 110 ns where the cores share a cache, 310
// where they do not or a virtual machine's processors moved apart (which they do within seconds). Nanoseconds, a running
// mean over about four timings; one job in kJobsBetweenTimings is timed, all while the cores are far apart.
constexpr long long kNear = 200, kInterrupted = 5000;
constexpr unsigned kJobsBetweenTimings = 16;
// While they are far apart: a trial of kQuestionsInTrial small jobs in a row, long enough for a worker that sleeps to wake.
constexpr unsigned kQuestionsBetweenTrials = 8192, kQuestionsInTrial = 256;
std::atomic<long long> handover{kNear / 2};

bool is_near() { return handover.load(std::memory_order_relaxed) < kNear; }

long long nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

void note_handover(long long took) {
  if (took < 0 || took > kInterrupted) return;
  const long long before = handover.load(std::memory_order_relaxed);
  handover.store((3 * before + took) / 4, std::memory_order_relaxed);
}

void pause_cpu() {
#if DOWNHILL_X86_64
  _mm_pause();
#elif DOWNHILL_ARM64
  __asm__ volatile("isb");  // yield is a no-op on most cores; this takes some 10 ns
#endif
}

void prefetch(const char* line) {
#if defined(__GNUC__)
  __builtin_prefetch(line);
#else
  static_cast<void>(line);
#endif
}

// In the memory that each thread has from its start: the GNU C library ends the process where there is none left for a
// loaded library's variables.
#if defined(__GLIBC__)
__attribute__((tls_model("initial-exec")))
#endif
thread_local struct {
  size_t seat;
  bool alone;
} self = {0, false};

// One parallel_run: its chunks, numbered from 0. Whoever has taken a chunk may read it until that chunk is done.
struct Job {
  ChunkFunction function = nullptr;
  void* context = nullptr;
  uint32_t chunks = 0;
  long long opened = 0;  // when, in nanoseconds; 0 where nobody wants to know
};

// The pool's state in one word, so that one look tells a worker that there is work and one exchange takes it: the job's
// number in the upper half, its chunks that nobody has taken in the lower.
constexpr uint64_t kOneJob = uint64_t{1} << 32;
uint32_t untaken(uint64_t word) { return static_cast<uint32_t>(word); }
uint64_t number(uint64_t word) { return word / kOneJob; }

// Threads that take part; 0 until somebody asks. Outside of the pool, so that a forked child inherits it.
std::atomic<size_t> wanted_threads{0};

class Pool {
 public:
  void set_threads(size_t threads) {
    claim();
    wanted_threads.store(threads, std::memory_order_relaxed);
    if (workers_.size() + 1 > threads) stop_workers();
    jobs_without_trying_ = 0;
    release();
  }

  void stop() {
    claim();
    stop_workers();
    release();
  }

  // False, with nothing done, where another caller has the pool.
  bool run(uint32_t chunks, ChunkFunction function, void* context) {
    if (!try_claim()) return false;
    start_workers();
    const bool timed = (!is_near() || jobs_++ % kJobsBetweenTimings == 0) && sleepers_.load(std::memory_order_relaxed) == 0;
    job_ = {function, context, chunks, timed ? nanoseconds() : 0};
    context_.store(static_cast<const char*>(context), std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    // The caller has chunk 0 already: where each thread gets one, the same thread gets the same one in every job.
    word_.store((number(word_.load(std::memory_order_relaxed)) + 1) * kOneJob + (chunks - 1), std::memory_order_release);
    if (sleepers_.load(std::memory_order_relaxed) > 0) wake_all();
    function(context, 0);
    // A worker counts itself as a sleeper before it looks at the word a last time: either that count comes before this one and
    // is seen here, or after it and then the worker sees the word. (Before chunk 0, the exchange would wait for the word's line
    // to arrive from a polling worker's cache.)
    const bool asleep = sleepers_.fetch_add(0, std::memory_order_acq_rel) > 0;
    if (asleep && untaken(word_.load(std::memory_order_relaxed)) > 0) wake_all();
    uint32_t own = 1;
    if (done_.load(std::memory_order_acquire) + own != chunks) own += take_all(word_.load(std::memory_order_relaxed));
    // Whoever has taken a chunk is waited for, nobody else.
    for (unsigned pauses = 0; done_.load(std::memory_order_acquire) + own != chunks; ++pauses) {
      if (pauses < kPausesBeforeYield) pause_cpu();
      else std::this_thread::yield();
    }
    release();
    return true;
  }

 private:
  void wake_all() {
    { std::lock_guard<std::mutex> lock(sleep_); }
    wake_.notify_all();
  }

  // Takes chunks of the job that `word` names, one by one, until none is left; returns how many it ran.
  uint32_t take_all(uint64_t word) {
    const uint64_t job = number(word);
    uint32_t ran = 0;
    while (untaken(word) > 0 && number(word) == job) {
      if (!word_.compare_exchange_weak(word, word - 1, std::memory_order_acquire, std::memory_order_relaxed)) continue;
      const Job& current = job_;
      if (current.opened != 0 && ran == 0 && self.seat != 0) note_handover(nanoseconds() - current.opened);
      current.function(current.context, current.chunks - untaken(word));
      ++ran;
      if (untaken(--word) == 0) break;  // the last one: nothing to look for
      word = word_.load(std::memory_order_relaxed);
    }
    return ran;
  }

  void work() {
    uint64_t seen = 0;
    while (!stopping_.load(std::memory_order_relaxed)) {
      const uint64_t word = poll(seen);
      if (!is_news(word, seen)) {
        sleep(word);
        continue;
      }
      ask_for(context_.load(std::memory_order_relaxed));
      const uint32_t ran = take_all(word);
      if (ran > 0) done_.fetch_add(ran, std::memory_order_release);
      seen = number(word);
    }
  }

  // Asks for what a chunk will read first, all lines at once and while the exchange on the word is under way. A hint: the job may be
  // over by now.
  static void ask_for(const char* context) {
    constexpr size_t kLines = 3;
    for (size_t line = 0; line < kLines; ++line) prefetch(context + 64 * line);
  }

  // True where the word is of a job that this worker has not been in and that has chunks left.
  static bool is_news(uint64_t word, uint64_t seen) { return untaken(word) > 0 && number(word) != seen; }

  // The latest word: as soon as it is news, else after kSpinTime.
  uint64_t poll(uint64_t seen) {
    uint64_t word = word_.load(std::memory_order_relaxed);
    const Clock::time_point until = Clock::now() + kSpinTime;
    for (unsigned pauses = 1; !is_news(word, seen); ++pauses) {
      if (stopping_.load(std::memory_order_relaxed)) break;
      if (pauses % kPausesPerClockReading == 0 && Clock::now() >= until) break;
      pause_cpu();
      word = word_.load(std::memory_order_relaxed);
    }
    return word;
  }

  // Sleeps while no other job than that of `word` comes. A job that came and went ends it too: more will follow, and polling
  // catches them.
  void sleep(uint64_t word) {
    std::unique_lock<std::mutex> lock(sleep_);
    sleepers_.fetch_add(1, std::memory_order_acq_rel);
    while (!stopping_.load(std::memory_order_relaxed) && number(word_.load(std::memory_order_relaxed)) == number(word)) {
      wake_.wait(lock);
    }
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  // A thread that cannot be created is one helper less, not an error. Trying costs as much as a small job, so the next
  // jobs do not.
  void start_workers() {
    if (workers_.size() + 1 >= pool_threads()) return;
    if (jobs_without_trying_ > 0) {
      --jobs_without_trying_;
      return;
    }
    try {
      while (workers_.size() + 1 < pool_threads()) {
        workers_.emplace_back([this, next = workers_.size() + 1] {
          self.seat = next;
          work();
        });
      }
    } catch (const std::exception&) {  // std::system_error, std::bad_alloc
      jobs_without_trying_ = kJobsBetweenTries;
    }
  }

  void stop_workers() {
    {
      std::lock_guard<std::mutex> lock(sleep_);
      stopping_.store(true, std::memory_order_seq_cst);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    stopping_.store(false, std::memory_order_seq_cst);
  }

  // The pool belongs to the one caller whose job runs. Not a mutex: a chunk that itself calls run() must find it taken.
  bool try_claim() { return !claimed_.load(std::memory_order_relaxed) && !claimed_.exchange(true, std::memory_order_acquire); }
  void claim() {
    while (!try_claim()) std::this_thread::yield();
  }
  void release() { claimed_.store(false, std::memory_order_release); }

  alignas(64) std::atomic<bool> claimed_{false};
  std::vector<std::thread> workers_;
  unsigned jobs_without_trying_ = 0;
  unsigned jobs_ = 0;

  // What a worker needs to begin, in one cache line.
  alignas(64) std::atomic<uint64_t> word_{0};
  Job job_;
  std::atomic<const char*> context_{nullptr};  // of job_, for those who have not taken a chunk
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<uint32_t> done_{0};  // chunks of this job that workers have run
  alignas(64) std::atomic<size_t> sleepers_{0};
  std::mutex sleep_;
  std::condition_variable wake_;
};

// Never destroyed: process exit must not wait for, or race with, threads of the pool.
std::atomic<Pool*> instance{nullptr};

#if !defined(_WIN32)
// A forked child has none of the threads, and a job of another thread stays open in it for ever: it starts afresh.
void forget_pool() { instance.store(nullptr, std::memory_order_relaxed); }
const int fork_handler = pthread_atfork(nullptr, nullptr, forget_pool);
#endif

// The pool, or null where there is no memory for one: the caller then works alone.
Pool* pool() {
  Pool* current = instance.load(std::memory_order_acquire);
  if (current != nullptr) return current;
  Pool* fresh = new (std::nothrow) Pool;
  if (fresh == nullptr || instance.compare_exchange_strong(current, fresh, std::memory_order_acq_rel)) return fresh;
  delete fresh;
  return current;
}

std::mutex users_lock;
size_t users = 0;

}  // namespace

void parallel_run(size_t chunks, ChunkFunction function, void* context) noexcept {
  if (chunks >= 2 && chunks <= UINT32_MAX && pool_threads() >= 2) {
    Pool* const helpers = pool();
    if (helpers != nullptr && helpers->run(static_cast<uint32_t>(chunks), function, context)) return;
  }
  for (size_t i = 0; i < chunks; ++i) function(context, i);
}

bool pool_is_near() {
  static std::atomic<unsigned> questions{0};
  return is_near() || questions.fetch_add(1, std::memory_order_relaxed) % kQuestionsBetweenTrials < kQuestionsInTrial;
}

size_t pool_seat() { return self.seat; }

AloneScope::AloneScope(bool alone) : before_(self.alone) { self.alone = before_ || alone; }
AloneScope::~AloneScope() { self.alone = before_; }

size_t pool_threads() noexcept {
  if (self.alone) return 1;
  const size_t wanted = wanted_threads.load(std::memory_order_relaxed);
  if (wanted != 0) return wanted;
  size_t unset = 0;
  const size_t threads = default_threads();
  return wanted_threads.compare_exchange_strong(unset, threads) ? threads : unset;
}

void set_pool_threads(size_t threads) noexcept {
  if (threads < 1) threads = 1;
  Pool* const helpers = instance.load(std::memory_order_acquire);
  if (helpers != nullptr) helpers->set_threads(threads);
  else wanted_threads.store(threads, std::memory_order_relaxed);
}

void pool_acquire() {
  std::lock_guard<std::mutex> lock(users_lock);
  ++users;
}

void pool_release() {
  std::lock_guard<std::mutex> lock(users_lock);
  if (--users > 0) return;
  if (Pool* const helpers = instance.load(std::memory_order_acquire)) helpers->stop();
}

}  // namespace downhill
