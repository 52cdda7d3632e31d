#include "shapes.h"

#include <cstdio>
#include <stdexcept>

namespace peers {

std::string Shape::name() const {
  std::string text = std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
  if (trans_a) text += ":ta";
  if (trans_b) text += ":tb";
  if (leading != 0) text += ":ld" + std::to_string(leading);
  return text;
}

Shape parse_shape(const std::string& text) {
  Shape shape{};
  int used = 0;
  if (std::sscanf(text.c_str(), "%zux%zux%zu%n", &shape.m, &shape.n, &shape.k, &used) != 3 || shape.m * shape.n * shape.k == 0) {
    throw std::invalid_argument("shape " + text + ": expected MxNxK[:ta][:tb][:ldN]");
  }
  for (size_t at = static_cast<size_t>(used); at < text.size();) {
    size_t end = text.find(':', at + 1);
    if (end == std::string::npos) end = text.size();
    const std::string part = text.substr(at, end - at);
    if (part == ":ta") shape.trans_a = true;
    else if (part == ":tb") shape.trans_b = true;
    else if (std::sscanf(part.c_str(), ":ld%zu", &shape.leading) != 1) {
      throw std::invalid_argument("shape " + text + ": unknown part " + part);
    }
    at = end;
  }
  return shape;
}

std::vector<Shape> shape_list(const std::string& name) {
  const char* const table[] = {
      "8x8x8",          "16x16x16",      "32x32x32",         "64x64x64",       "128x128x128",      "256x256x256",
      "512x512x512",    "1024x1024x1024", "2048x2048x2048",  "1x256x784",      "1x128x256",        "1x10x128",
      "32x256x784",     "32x128x256",    "32x10x128",        "256x256x784",    "256x128x256",      "256x10x128",
      "784x256x32:ta",  "784x256x256:ta", "1x784x256:tb",    "32x784x256:tb",  "256x784x256:tb",   "512x768x768",
      "512x3072x768",   "512x768x3072",  "512x2304x768"};
  const char* const odd[] = {
      "33x33x33",        "47x65x129",       "61x67x71",         "100x100x100",      "127x129x131",      "191x193x197",
      "255x257x259",     "500x500x500",     "511x513x517",      "1000x10x784",      "2x256x784",        "3x300x500",
      "4x1000x256",      "5x128x784",       "7x512x512",        "16x16x4096",       "4096x16x64",       "16x4096x64",
      "2000x5x300",      "300x17x300",      "300x33x300",       "64x1x1024",        "1024x1x1024",      "1x1024x1024",
      "128x128x8",       "512x512x16",      "10x784x256:ta",    "128x10x256:ta",    "97x211x64:ta",     "64x10x128:tb",
      "256x128x10:tb",   "100x300x77:tb",   "200x200x200:ta:tb", "128x128x128:ld1024", "256x256x256:ld2048", "512x512x512:ld4096",
      "256x256x256:tb:ld1024", "1024x128x784", "1024x1024x784"};
  std::vector<Shape> shapes;
  if (name != "table" && name != "odd" && name != "all") throw std::invalid_argument("shapes " + name + ": table, odd, all, trainer or random");
  if (name != "odd") {
    for (const char* text : table) shapes.push_back(parse_shape(text));
  }
  if (name != "table") {
    for (const char* text : odd) shapes.push_back(parse_shape(text));
  }
  return shapes;
}

}  // namespace peers
