// Philox4x32-10 for a block of 256 elements: 64 counters side by side, in plain integer loops that compilers vectorise.
// Twin of src/core/random.ts. No include guard: included once per ISA, inside the region.

// words[64·w + k] is word w of the draw with counter (first + k, index_high, stream, 0) and key `seed`.
inline void philox_block(uint32_t* words, uint32_t first, uint32_t index_high, uint32_t stream, uint64_t seed) {
  constexpr size_t kWidth = 64;
  alignas(64) uint32_t a[kWidth], b[kWidth], c[kWidth], d[kWidth];
  for (size_t k = 0; k < kWidth; ++k) {
    a[k] = first + static_cast<uint32_t>(k);
    b[k] = index_high;
    c[k] = stream;
    d[k] = 0;
  }
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (size_t k = 0; k < kWidth; ++k) {
      const uint64_t x = uint64_t{0xd2511f53u} * a[k], y = uint64_t{0xcd9e8d57u} * c[k];
      a[k] = static_cast<uint32_t>(y >> 32) ^ b[k] ^ key0;
      c[k] = static_cast<uint32_t>(x >> 32) ^ d[k] ^ key1;
      b[k] = static_cast<uint32_t>(y);
      d[k] = static_cast<uint32_t>(x);
    }
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  for (size_t k = 0; k < kWidth; ++k) {
    words[k] = a[k];
    words[kWidth + k] = b[k];
    words[2 * kWidth + k] = c[k];
    words[3 * kWidth + k] = d[k];
  }
}
