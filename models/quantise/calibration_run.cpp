// SPDX-License-Identifier: Apache-2.0
#include "quantise/calibration_run.hpp"

#include <algorithm>

#include "quantise/network_boundary.hpp"
#include "quantise/parallel.hpp"

namespace keyway::quantise {
namespace {

constexpr int64_t kColumns = 4096;  ///< output positions behind a gram matrix

}  // namespace

void CalibrationRun::start(const float* inputs, int64_t images) {
  const program::InputBoundary boundary = input_boundary(network_);
  images_.assign(static_cast<size_t>(images), TensorBytes(network_.tensors.size()));
  means_.resize(network_.tensors.size());
  const int64_t elements = boundary.user_shape().elements();
  for (int64_t n = 0; n < images; ++n) {
    std::vector<uint8_t>& bytes =
        images_[static_cast<size_t>(n)][static_cast<size_t>(network_.input)];
    bytes.resize(static_cast<size_t>(boundary.shape.elements()));
    program::quantise_input(boundary, inputs + n * elements, bytes.data());
  }
  update_mean(network_.input);
}

void CalibrationRun::advance(const Layer& layer) {
  const LayerReference reference(network_, layer);
  for_each_index(static_cast<int64_t>(images_.size()), threads_, [&](int64_t n) {
    TensorBytes& tensors = images_[static_cast<size_t>(n)];
    const std::vector<uint8_t>* residual =
        layer.has_residual ? &tensors[static_cast<size_t>(layer.residual.tensor)] : nullptr;
    tensors[static_cast<size_t>(layer.output)] =
        reference.run(tensors[static_cast<size_t>(layer.input)], residual);
  });
  update_mean(layer.output);
}

void CalibrationRun::update_mean(int tensor) {
  const Tensor& t = network_.tensors[static_cast<size_t>(tensor)];
  std::vector<double>& mean = means_[static_cast<size_t>(tensor)];
  mean.assign(static_cast<size_t>(t.shape.elements()), 0.0);
  for (const TensorBytes& tensors : images_) {
    const std::vector<uint8_t>& bytes = tensors[static_cast<size_t>(tensor)];
    for (size_t i = 0; i < mean.size(); ++i) {
      mean[i] += t.is_signed ? static_cast<int>(static_cast<int8_t>(bytes[i])) : bytes[i];
    }
  }
  for (double& m : mean) m /= static_cast<double>(images_.size());
}

std::vector<double> CalibrationRun::mean_sums(const Layer& layer) const {
  const LayerReference reference(network_, layer);
  const Shape& shape = network_.tensors[static_cast<size_t>(layer.output)].shape;
  const auto channels = static_cast<size_t>(shape.channels);
  const auto pixels = static_cast<size_t>(shape.pixels());
  std::vector<std::vector<double>> of_image(images_.size());
  for_each_index(static_cast<int64_t>(images_.size()), threads_, [&](int64_t n) {
    const auto i = static_cast<size_t>(n);
    const std::vector<int32_t> sums = reference.sums(images_[i][static_cast<size_t>(layer.input)]);
    for (size_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (size_t p = 0; p < pixels; ++p) sum += sums[c * pixels + p];
      of_image[i].push_back(sum / static_cast<double>(pixels * images_.size()));
    }
  });
  std::vector<double> means(channels, 0.0);
  for (const std::vector<double>& image : of_image) {
    for (size_t c = 0; c < channels; ++c) means[c] += image[c];
  }
  return means;
}

std::vector<double> CalibrationRun::activations(int tensor) const {
  std::vector<double> counts(
      static_cast<size_t>(arith::kMostActivation - arith::kLeastActivation + 1), 0.0);
  const bool is_signed = network_.tensors[static_cast<size_t>(tensor)].is_signed;
  for (const TensorBytes& tensors : images_) {
    for (const uint8_t byte : tensors[static_cast<size_t>(tensor)]) {
      const int value = is_signed ? static_cast<int>(static_cast<int8_t>(byte)) : byte;
      ++counts[static_cast<size_t>(value - arith::kLeastActivation)];
    }
  }
  return counts;
}

double CalibrationRun::share_at_limit(int tensor) const {
  const Tensor& t = network_.tensors[static_cast<size_t>(tensor)];
  const uint8_t lowest = t.is_signed ? 0x80 : 0xff, highest = t.is_signed ? 0x7f : 0xff;
  int64_t at_limit = 0;
  for (const TensorBytes& tensors : images_) {
    const std::vector<uint8_t>& bytes = tensors[static_cast<size_t>(tensor)];
    at_limit += std::count_if(bytes.begin(), bytes.end(),
                              [&](uint8_t b) { return b == lowest || b == highest; });
  }
  return static_cast<double>(at_limit) /
         (static_cast<double>(t.shape.elements()) * static_cast<double>(images_.size()));
}

std::vector<float> CalibrationRun::values(int tensor, int64_t images,
                                          const std::vector<float>& offset) const {
  const Tensor& t = network_.tensors[static_cast<size_t>(tensor)];
  const auto pixels = static_cast<size_t>(t.shape.pixels());
  std::vector<float> all;
  all.reserve(static_cast<size_t>(images * t.shape.elements()));
  for (int64_t n = 0; n < images; ++n) {
    const auto& bytes = images_[static_cast<size_t>(n)][static_cast<size_t>(tensor)];
    for (size_t i = 0; i < bytes.size(); ++i) {
      const int q = t.is_signed ? static_cast<int>(static_cast<int8_t>(bytes[i])) : bytes[i];
      const size_t c = i / pixels;
      all.push_back(t.scale[c] * static_cast<float>(q) + (offset.empty() ? 0.0F : offset[c]));
    }
  }
  return all;
}

std::vector<Position> sampled_positions(int64_t images, const Shape& out) {
  const int64_t all = images * out.pixels(), count = std::min(all, kColumns);
  std::vector<Position> positions;
  for (int64_t n = 0; n < count; ++n) {
    // An odd multiple spreads the columns over pixels as well as over images.
    const int64_t at = n * all / count;
    const int64_t pixel = count == all ? at % out.pixels() : n * 7919 % out.pixels();
    positions.push_back({at / out.pixels(), pixel / out.width, pixel % out.width});
  }
  return positions;
}

std::vector<float> CalibrationRun::met(int tensor, const Shape& out, const graph::Window& w,
                                       int64_t first, int64_t channels) const {
  const Tensor& from = network_.tensors[static_cast<size_t>(tensor)];
  const Shape& in = from.shape;
  const std::vector<Position> positions =
      sampled_positions(static_cast<int64_t>(images_.size()), out);
  const size_t count = positions.size();
  const int64_t taps = channels * w.kernel_h * w.kernel_w;
  // Rows of taps, so that products of two taps are dot products over the columns.
  std::vector<float> values(static_cast<size_t>(taps) * count, 0.0F);
  for (size_t n = 0; n < count; ++n) {
    const Position& at = positions[n];
    const std::vector<uint8_t>& bytes =
        images_[static_cast<size_t>(at.image)][static_cast<size_t>(tensor)];
    size_t t = 0;
    for (int64_t c = first; c < first + channels; ++c) {
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        for (int64_t kx = 0; kx < w.kernel_w; ++kx, ++t) {
          const int64_t iy = at.y * w.stride_h - w.pad_top + ky,
                        ix = at.x * w.stride_w - w.pad_left + kx;
          if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
          const uint8_t byte = bytes[static_cast<size_t>((c * in.height + iy) * in.width + ix)];
          values[t * count + n] = from.is_signed ? static_cast<float>(static_cast<int8_t>(byte))
                                                 : static_cast<float>(byte);
        }
      }
    }
  }
  return values;
}

std::vector<float> CalibrationRun::columns(int tensor, const Shape& out, const graph::Window& w,
                                           int64_t first, int64_t channels) const {
  std::vector<float> values = met(tensor, out, w, first, channels);
  const int64_t taps = channels * w.kernel_h * w.kernel_w;
  const size_t count = values.size() / static_cast<size_t>(taps);
  // The bias makes up for what the errors add to the mean, so only the deviations count.
  for_each_index(taps, threads_, [&](int64_t row) {
    float* v = values.data() + static_cast<size_t>(row) * count;
    double sum = 0;
    for (size_t n = 0; n < count; ++n) sum += static_cast<double>(v[n]);
    const auto mean = static_cast<float>(sum / static_cast<double>(count));
    for (size_t n = 0; n < count; ++n) v[n] -= mean;
  });
  return values;
}

std::vector<float> CalibrationRun::residual(const Layer& layer) const {
  const Residual& residual = layer.residual;
  const Tensor& from = network_.tensors[static_cast<size_t>(residual.tensor)];
  const std::vector<Position> positions =
      sampled_positions(static_cast<int64_t>(images_.size()),
                        network_.tensors[static_cast<size_t>(layer.output)].shape);
  std::vector<float> values(residual.channel.size() * positions.size(), 0.0F);
  for (size_t c = 0; c < residual.channel.size(); ++c) {
    const int64_t source = residual.channel[c];
    if (source < 0) continue;
    for (size_t n = 0; n < positions.size(); ++n) {
      const Position& at = positions[n];
      const int64_t y = source * from.shape.height + at.y * residual.stride_h;
      const uint8_t byte =
          images_[static_cast<size_t>(at.image)][static_cast<size_t>(residual.tensor)]
                 [static_cast<size_t>(y * from.shape.width + at.x * residual.stride_w)];
      values[c * positions.size() + n] =
          from.scale[static_cast<size_t>(source)] *
          static_cast<float>(from.is_signed ? static_cast<int>(static_cast<int8_t>(byte)) : byte);
    }
  }
  return values;
}

double CalibrationRun::certainty(size_t columns, size_t taps) const {
  const double told = static_cast<double>(columns) * trust_;
  return told / (told + static_cast<double>(taps));
}

std::vector<float> CalibrationRun::gram(int tensor, const std::vector<float>& columns,
                                        size_t taps) const {
  const Tensor& from = network_.tensors[static_cast<size_t>(tensor)];
  const size_t count = columns.size() / taps;
  std::vector<float> gram(taps * taps);
  const auto seen = static_cast<float>(count);
  const float told = seen * static_cast<float>(trust_);
  const auto share = static_cast<float>(certainty(count, taps));
  const float largest = from.is_signed ? 127 : 255;
  const float unseen = largest * largest / (told + 1);
  for_each_index(static_cast<int64_t>(taps), threads_, [&](int64_t row) {
    const auto a = static_cast<size_t>(row);
    const float* u = columns.data() + a * count;
    for (size_t b = 0; b <= a; ++b) {
      const float* v = columns.data() + b * count;
      // Eight partial sums: the compiler may not reorder a float sum by itself.
      float part[8] = {};
      size_t n = 0;
      for (; n + 8 <= count; n += 8) {
        for (size_t k = 0; k < 8; ++k) part[k] += u[n + k] * v[n + k];
      }
      float sum = 0;
      for (; n < count; ++n) sum += u[n] * v[n];
      for (const float p : part) sum += p;
      const float mean = sum / seen;
      gram[a * taps + b] = gram[b * taps + a] = a == b ? mean + unseen : mean * share;
    }
  });
  return gram;
}

std::vector<double> tap_means(const std::vector<double>& image, const Shape& in, const Shape& out,
                              const graph::Window& w) {
  std::vector<double> means;
  means.reserve(static_cast<size_t>(in.channels * w.kernel_h * w.kernel_w));
  for (int64_t c = 0; c < in.channels; ++c) {
    for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
        double sum = 0;
        for (int64_t y = 0; y < out.height; ++y) {
          const int64_t iy = y * w.stride_h - w.pad_top + ky;
          if (iy < 0 || iy >= in.height) continue;
          for (int64_t x = 0; x < out.width; ++x) {
            const int64_t ix = x * w.stride_w - w.pad_left + kx;
            if (ix < 0 || ix >= in.width) continue;
            sum += image[static_cast<size_t>((c * in.height + iy) * in.width + ix)];
          }
        }
        means.push_back(sum / static_cast<double>(out.pixels()));
      }
    }
  }
  return means;
}

}  // namespace keyway::quantise
