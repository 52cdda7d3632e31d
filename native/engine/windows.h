// Windows over images: patches for convolutions, pooling, and their gradients. Images are [samples, height, width,
// channels]. These move elements and add them one by one in a fixed order (output rows, output columns, window rows, window
// columns, channels), so they are the same on every instruction set; products of patches are gemm's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace downhill {

// What the integers of these instructions say. Positions outside the image are padding.
struct Windows {
  int64_t samples, height, width, channels, out_height, out_width, kernel_height, kernel_width;
  int64_t stride_height, stride_width, pad_height, pad_width, dilation_height, dilation_width;

  int64_t image() const { return height * width * channels; }
  int64_t outputs() const { return out_height * out_width * channels; }
  int64_t patch() const { return kernel_height * kernel_width * channels; }
  // First element of the pixel that window position (ky, kx) of output (oy, ox) sees, or −1 in the padding.
  int64_t pixel(int64_t oy, int64_t ox, int64_t ky, int64_t kx) const {
    const int64_t y = oy * stride_height + ky * dilation_height - pad_height;
    const int64_t x = ox * stride_width + kx * dilation_width - pad_width;
    return y < 0 || y >= height || x < 0 || x >= width ? -1 : (y * width + x) * channels;
  }
};
constexpr size_t kWindowInts = 14;
static_assert(sizeof(Windows) == kWindowInts * sizeof(int64_t));

// body(output index, window index, first element of the pixel or −1) in the order of the sums.
template <class Body>
void each_pixel(const Windows& w, Body body) {
  for (int64_t oy = 0; oy < w.out_height; ++oy) {
    for (int64_t ox = 0; ox < w.out_width; ++ox) {
      for (int64_t ky = 0; ky < w.kernel_height; ++ky) {
        for (int64_t kx = 0; kx < w.kernel_width; ++kx) {
          body(oy * w.out_width + ox, ky * w.kernel_width + kx, w.pixel(oy, ox, ky, kx));
        }
      }
    }
  }
}

// patches [out_height, out_width, kernel_height, kernel_width, channels] of one image; zeros in the padding.
template <class T>
void window_patches(const Windows& w, const T* image, T* patches) {
  const int64_t channels = w.channels;
  each_pixel(w, [&](int64_t, int64_t, int64_t from) {
    for (int64_t c = 0; c < channels; ++c) patches[c] = from < 0 ? T{0} : image[from + c];
    patches += channels;
  });
}

template <class T>
void window_patches_gradient(const Windows& w, const T* patches, T* image) {
  const int64_t channels = w.channels;
  for (int64_t i = 0; i < w.image(); ++i) image[i] = 0;
  each_pixel(w, [&](int64_t, int64_t, int64_t to) {
    for (int64_t c = 0; to >= 0 && c < channels; ++c) image[to + c] += patches[c];
    patches += channels;
  });
}

// The first largest element of a window in one channel, a NaN before all others; −1 where the window sees only padding.
// The place, not the value: taking a maximum would flush the subnormals that it only moves.
template <class T>
int64_t window_largest(const Windows& w, const T* image, int64_t oy, int64_t ox, int64_t c) {
  int64_t best = -1;
  for (int64_t ky = 0; ky < w.kernel_height; ++ky) {
    for (int64_t kx = 0; kx < w.kernel_width; ++kx) {
      const int64_t pixel = w.pixel(oy, ox, ky, kx);
      if (pixel < 0) continue;
      const T value = image[pixel + c];
      if (best < 0 || value > image[best] || (value != value && image[best] == image[best])) best = pixel + c;
    }
  }
  return best;
}

template <class T>
void max_pool(const Windows& w, const T* image, T* out) {
  for (int64_t oy = 0; oy < w.out_height; ++oy) {
    for (int64_t ox = 0; ox < w.out_width; ++ox) {
      for (int64_t c = 0; c < w.channels; ++c) {
        const int64_t at = window_largest(w, image, oy, ox, c);
        *out++ = at < 0 ? T{0} : image[at];
      }
    }
  }
}

template <class T>
void max_pool_gradient(const Windows& w, const T* image, const T* dy, T* dx) {
  for (int64_t i = 0; i < w.image(); ++i) dx[i] = 0;
  for (int64_t oy = 0; oy < w.out_height; ++oy) {
    for (int64_t ox = 0; ox < w.out_width; ++ox) {
      for (int64_t c = 0; c < w.channels; ++c, ++dy) {
        const int64_t at = window_largest(w, image, oy, ox, c);
        if (at >= 0) dx[at] += *dy;
      }
    }
  }
}

// Pixels that output (oy, ox) sees, the padding not counted; at least 1.
inline int64_t window_pixels(const Windows& w, int64_t oy, int64_t ox) {
  int64_t count = 0;
  for (int64_t ky = 0; ky < w.kernel_height; ++ky) {
    for (int64_t kx = 0; kx < w.kernel_width; ++kx) count += w.pixel(oy, ox, ky, kx) >= 0;
  }
  return count < 1 ? 1 : count;
}

// Means in float64, rounded once.
template <class T>
void average_pool(const Windows& w, const T* image, T* out) {
  for (int64_t oy = 0; oy < w.out_height; ++oy) {
    for (int64_t ox = 0; ox < w.out_width; ++ox) {
      const auto count = static_cast<double>(window_pixels(w, oy, ox));
      for (int64_t c = 0; c < w.channels; ++c) {
        double sum = 0;
        for (int64_t ky = 0; ky < w.kernel_height; ++ky) {
          for (int64_t kx = 0; kx < w.kernel_width; ++kx) {
            const int64_t pixel = w.pixel(oy, ox, ky, kx);
            if (pixel >= 0) sum += static_cast<double>(image[pixel + c]);
          }
        }
        *out++ = static_cast<T>(sum / count);
      }
    }
  }
}

template <class T>
void average_pool_gradient(const Windows& w, const T* dy, T* dx) {
  for (int64_t i = 0; i < w.image(); ++i) dx[i] = 0;
  each_pixel(w, [&](int64_t output, int64_t, int64_t to) {
    if (to < 0) return;
    const auto count = static_cast<double>(window_pixels(w, output / w.out_width, output % w.out_width));
    for (int64_t c = 0; c < w.channels; ++c) dx[to + c] += static_cast<T>(static_cast<double>(dy[output * w.channels + c]) / count);
  });
}

}  // namespace downhill
