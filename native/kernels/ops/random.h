// Philox4x32-10 as src/core/random.ts: word i of (seed, stream) is word i mod 4 of block ⌊i/4⌋ with counter
// (block low, block high, stream, step) and key (seed low, seed high). `step` is 0 there, the training step here.
// No include guard: included once, inside the region.

struct Address {
  uint32_t seed_low, seed_high, stream, step;
};

constexpr size_t kBlocks = 16;  // computed at once, so that the compiler fills vectors

// words[w][l] = word w of block first + l.
inline void philox_blocks(Address at, uint64_t first, uint32_t words[4][kBlocks]) {
  for (size_t l = 0; l < kBlocks; ++l) {
    const uint64_t index = first + l;
    words[0][l] = static_cast<uint32_t>(index);
    words[1][l] = static_cast<uint32_t>(index >> 32);
    words[2][l] = at.stream;
    words[3][l] = at.step;
  }
  uint32_t k0 = at.seed_low, k1 = at.seed_high;
  for (int round = 0; round < 10; ++round) {
    for (size_t l = 0; l < kBlocks; ++l) {
      const uint64_t p = uint64_t{0xd2511f53} * words[0][l];
      const uint64_t q = uint64_t{0xcd9e8d57} * words[2][l];
      const uint32_t a = static_cast<uint32_t>(q >> 32) ^ words[1][l] ^ k0;
      const uint32_t c = static_cast<uint32_t>(p >> 32) ^ words[3][l] ^ k1;
      words[1][l] = static_cast<uint32_t>(q);
      words[3][l] = static_cast<uint32_t>(p);
      words[0][l] = a;
      words[2][l] = c;
    }
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
}

// y = word(first + i) >= threshold ? x·scale : 0, for n elements. In place where y == x.
template <class V>
void dropout(size_t n, const uint32_t* address, uint64_t first, uint32_t threshold, typename V::Scalar scale,
             const typename V::Scalar* x, typename V::Scalar* y) {
  const Address at{address[0], address[1], address[2], address[3]};
  uint32_t words[4][kBlocks];
  for (size_t i = 0; i < n;) {
    const size_t skip = (first + i) % 4;
    const size_t count = n - i < 4 * kBlocks - skip ? n - i : 4 * kBlocks - skip;
    philox_blocks(at, (first + i) / 4, words);
    for (size_t j = 0; j < count; ++j) {
      const size_t word = skip + j;
      y[i + j] = words[word % 4][word / 4] >= threshold ? x[i + j] * scale : 0;
    }
    i += count;
  }
}
