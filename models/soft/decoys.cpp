// SPDX-License-Identifier: Apache-2.0
#include "soft/decoys.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "soft/hidden.hpp"
#include "soft/moments.hpp"
#include "soft/seen.hpp"

namespace keyway::soft {
namespace {

using graph::Graph;
using graph::Node;

constexpr double kRidge = 1e-3;  ///< of the mean second moment, added to all
constexpr int64_t kFewest = 8;   ///< channels of a tensor of which one may be freed
constexpr double kLeastDraw = 0.7;
constexpr float kBias = -0.1F;

using Weights = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A convolution that reads a tensor one of whose channels shall go.
class Reader {
 public:
  Reader(Node& node, const Eigen::MatrixXd& moments)
      : node_(node),
        window_(node.window.kernel_h * node.window.kernel_w),
        taps_(static_cast<Eigen::Index>(node.weights.size() / node.bias.size())) {
    weights_ =
        Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
            node.weights.data(), static_cast<Eigen::Index>(node.bias.size()), taps_)
            .cast<double>();
    // Nothing is known: every tap counts the same, and nothing can be made up for.
    Eigen::MatrixXd all = moments;
    if (all.size() == 0) all = Eigen::MatrixXd::Identity(taps_ + 1, taps_ + 1);
    const Eigen::MatrixXd known = all.topLeftCorner(taps_, taps_);
    power_ = (weights_ * known).cwiseProduct(weights_).sum();
    all.diagonal().array() += kRidge * known.diagonal().mean() + 1e-30;
    inverse_ = all.llt().solve(Eigen::MatrixXd::Identity(taps_ + 1, taps_ + 1));
  }

  /// Share of the power of all outputs that is lost without a channel.
  double lost(int64_t channel) const {
    const Weights mine = weights_.middleCols(channel * window_, window_);
    const double sum = mine.cwiseProduct(solved(channel)).sum();
    return power_ > 0 ? sum / power_ : 0;
  }

  /// Makes up for it.
  void do_without(int64_t channel) const {
    const Weights change = solved(channel) * inverse_.middleRows(channel * window_, window_);
    for (Eigen::Index o = 0; o < weights_.rows(); ++o) {
      for (Eigen::Index t = 0; t < taps_; ++t) {
        node_.weights[static_cast<size_t>(o * taps_ + t)] =
            static_cast<float>(weights_(o, t) - change(o, t));
      }
      float& bias = node_.bias[static_cast<size_t>(o)];
      bias = static_cast<float>(static_cast<double>(bias) - change(o, taps_));
    }
  }

 private:
  /// w_S [(H^-1)_SS]^-1 of every output.
  Weights solved(int64_t channel) const {
    const Eigen::MatrixXd block =
        inverse_.block(channel * window_, channel * window_, window_, window_);
    return block.llt()
        .solve(weights_.middleCols(channel * window_, window_).transpose())
        .transpose();
  }

  Node& node_;
  Eigen::Index window_, taps_;
  Weights weights_;
  Eigen::MatrixXd inverse_;
  double power_ = 0;
};

/// Frees the least important channel, and says which.
int64_t free_channel(Graph& graph, const Hidden& hidden, const float* inputs, int64_t images,
                     int threads) {
  const std::vector<Eigen::MatrixXd> moments =
      second_moments(graph, hidden.readers, inputs, images, threads);
  std::vector<Reader> readers;
  for (size_t i = 0; i < hidden.readers.size(); ++i) {
    readers.emplace_back(graph.nodes[hidden.readers[i]], moments[i]);
  }
  const int64_t channels =
      graph.tensors[static_cast<size_t>(hidden.tensors.front())].shape.channels;
  int64_t best = 0;
  double least = HUGE_VAL;
  for (int64_t c = 0; c < channels; ++c) {
    double lost = 0;
    for (const Reader& reader : readers) lost += reader.lost(c);
    if (lost < least) {
      least = lost;
      best = c;
    }
  }
  for (const Reader& reader : readers) reader.do_without(best);
  clear_channel(graph, hidden, best);
  return best;
}

/// Of every output, the largest of its weights, or of them times the largest value that each
/// meets, where that is more: so much there is when channels have been divided by their ranges.
struct Peaks {
  std::vector<double> weight, product;
};

Peaks row_peaks(const Node& node, const std::vector<Seen>& read) {
  Peaks peaks;
  peaks.weight.assign(node.bias.size(), 0.0);
  peaks.product.assign(node.bias.size(), 0.0);
  for (size_t i = 0; i < node.weights.size(); ++i) {
    const size_t o = i / taps_of(node);
    const double size = std::abs(static_cast<double>(node.weights[i]));
    const double met = read[read_by(node, o, i % taps_of(node))].peak();
    peaks.weight[o] = std::max(peaks.weight[o], size);
    peaks.product[o] = std::max({peaks.product[o], size, size * met});
  }
  return peaks;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

struct Decoy {
  const Hidden* hidden;
  size_t channel;
};

class Baiter {
 public:
  Baiter(Graph& graph, const SeenTensors& seen, double octaves, const RandomBytes& random)
      : graph_(graph), size_(std::exp2(octaves)), random_(random) {
    for (const Node& node : graph.nodes) {
      peaks_.push_back(node.weights.empty()
                           ? Peaks{}
                           : row_peaks(node, seen[static_cast<size_t>(node.inputs[0])]));
    }
  }

  /// Columns of the readers; rows of decoys come after that (their weights must not be positive).
  void set_columns(const Decoy& decoy) {
    for (const size_t n : decoy.hidden->readers) {
      Node& node = graph_.nodes[n];
      const auto window = static_cast<size_t>(node.window.kernel_h * node.window.kernel_w);
      const size_t taps = node.weights.size() / node.bias.size();
      for (size_t o = 0; o < node.bias.size(); ++o) {
        for (size_t k = 0; k < window; ++k) {
          const double sign = draw(random_, 0, 1) < 0.5 ? -1 : 1;
          node.weights[o * taps + decoy.channel * window + k] =
              static_cast<float>(sign * bait(peaks_[n].product[o]));
        }
      }
    }
  }

  /// As much larger than other rows as the columns are: equalised weights keep both.
  void set_row(const Decoy& decoy) {
    double ratio = 0;
    for (const size_t n : decoy.hidden->readers) {
      const Peaks& read = peaks_[n];
      if (mean(read.weight) > 0) ratio = std::max(ratio, mean(read.product) / mean(read.weight));
    }
    set_output(decoy.hidden->maker, decoy.channel, ratio);
    graph_.nodes[decoy.hidden->maker].bias[decoy.channel] = kBias;
    for (const size_t n : decoy.hidden->depthwise) {
      set_output(n, decoy.channel, 1);
      // It meets zeros, and its bias says that they stay.
      Node& node = graph_.nodes[n];
      node.bias[decoy.channel] = node.clamp.lo == 0 ? kBias : 0;
    }
  }

 private:
  double bait(double peak) { return size_ * peak * draw(random_, kLeastDraw, 1); }

  void set_output(size_t n, size_t channel, double ratio) {
    Node& node = graph_.nodes[n];
    for (size_t t = 0; t < taps_of(node); ++t) {
      node.weights[channel * taps_of(node) + t] =
          static_cast<float>(-bait(ratio * mean(peaks_[n].weight)));
    }
  }

  Graph& graph_;
  double size_;
  const RandomBytes& random_;
  std::vector<Peaks> peaks_;  ///< of every node, without decoys
};

}  // namespace

DecoyReport add_decoys(Graph& graph, const float* inputs, int64_t images,
                       const DecoyOptions& options, const RandomBytes& random) {
  const std::vector<Hidden> hidden = hidden_tensors(graph);
  DecoyReport report;
  std::vector<Decoy> decoys;
  for (const Hidden& one : hidden) {
    const int64_t channels = graph.tensors[static_cast<size_t>(one.tensors.front())].shape.channels;
    if (options.lanes > 0 && channels % options.lanes != 0) {
      add_channel(graph, one);
      decoys.push_back({&one, static_cast<size_t>(channels)});
      ++report.added;
    } else if (channels >= kFewest) {
      decoys.push_back(
          {&one, static_cast<size_t>(free_channel(graph, one, inputs, images, options.threads))});
    }
  }
  report.tensors = decoys.size();
  const SeenTensors seen = look(graph, inputs, images, options.threads);
  Baiter baiter(graph, seen, options.octaves, random);
  for (const Decoy& decoy : decoys) baiter.set_columns(decoy);
  for (const Decoy& decoy : decoys) baiter.set_row(decoy);
  return report;
}

}  // namespace keyway::soft
