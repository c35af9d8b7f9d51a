// SPDX-License-Identifier: Apache-2.0
#include "tune/trainer.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <sstream>
#include <utility>

#include "common/error.hpp"
#include "quantise/parallel.hpp"
#include "tune/activation_grid.hpp"
#include "tune/torch_graph.hpp"

namespace keyway::tune {
namespace {

using graph::Graph;
using graph::OpKind;
using torch::Tensor;

constexpr int64_t kMostCalibrated = 256;  ///< inputs that the scales of activations follow from
/// Inputs that one thread computes at a time. Sums over a batch are those of its shards in order,
/// so they do not depend on the number of threads.
constexpr int64_t kShard = 16;
constexpr double kTemperature = 2;  ///< t of the loss
constexpr double kLabelShare = 0.3;
constexpr double kLeastVariance = 1e-12;  ///< of outputs; a network may be constant
constexpr double kPi = 3.14159265358979323846;

/// 64-bit FNV-1a: tells runs apart.
class Fingerprint {
 public:
  void add(const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    for (size_t i = 0; i < size; ++i) value_ = (value_ ^ bytes[i]) * 0x100000001b3U;
  }
  template <typename T>
  void add(const std::vector<T>& values) {
    add(values.data(), values.size() * sizeof(T));
  }
  int64_t value() const { return static_cast<int64_t>(value_); }

 private:
  uint64_t value_ = 0xcbf29ce484222325U;
};

/// Where the graph's elements, in C, H, W order, stand in the user's array.
std::vector<int64_t> user_order(const Graph& graph) {
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.output)].shape;
  const Layout& layout = graph.output_layout;
  std::vector<int64_t> order(static_cast<size_t>(shape.elements()));
  int64_t at = 0;
  for (int64_t c = 0; c < shape.channels; ++c) {
    for (int64_t y = 0; y < shape.height; ++y) {
      for (int64_t x = 0; x < shape.width; ++x) {
        order[static_cast<size_t>(c * layout.stride_c + y * layout.stride_h +
                                  x * layout.stride_w)] = at++;
      }
    }
  }
  return order;
}

double root_mean_square(const Tensor& tensor) {
  return tensor.square().mean().sqrt().item<double>();
}

Tensor floats(const std::vector<float>& values) { return torch::tensor(values, torch::kFloat); }

}  // namespace

class Trainer::State {
 public:
  State(const Graph& graph, Projection projection, Examples examples, const Options& options)
      : graph_(graph),
        projection_(std::move(projection)),
        examples_(std::move(examples)),
        options_(options),
        wanted_(parameters_of(graph)) {
    const torch::NoGradGuard no_gradients;
    torch::set_num_threads(1);
    for (size_t n = 0; n < wanted_.size(); ++n) {
      if (wanted_[n].weight.defined()) weighted_.push_back(n);
    }
    if (weighted_.empty())
      throw Error(ErrorKind::kUnsupported, "the network has no weights that could be tuned");
    inputs_ = load_inputs(graph_, examples_.inputs, examples_.images);
    answers_ = run(wanted_, {});
    if (!torch::isfinite(answers_).all().item<bool>())
      throw Error(ErrorKind::kFile, "the network's values overflow on these inputs");
    // A selection numbers channels, and its layout is that of what it leaves.
    if (graph.output_selection.gives == OutputSelection::Gives::kAll && examples_.classes > 0)
      order_ = torch::tensor(user_order(graph), torch::kLong);
    if (!examples_.labels.empty()) labels_ = torch::tensor(examples_.labels, torch::kLong);
    variance_ = std::max(answers_.var(false).item<double>(), kLeastVariance);
    make_optimiser();
    choose_scales(graph_);
  }

  int64_t batches() const { return (examples_.images + options_.batch - 1) / options_.batch; }
  int64_t epoch() const { return epoch_; }
  int64_t batch() const { return batch_; }
  bool finished() const { return epoch_ >= options_.epochs; }
  const std::vector<Score>& epoch_scores() const { return epoch_scores_; }

  void step() {
    const torch::NoGradGuard no_gradients;
    if (batch_ == 0 && epoch_ > 0) choose_scales(tuned());
    const std::vector<Parameters> held = projected();
    const std::vector<Tensor> shards = next_batch().split(kShard);
    std::vector<std::vector<Parameters>> leaves(shards.size());
    std::vector<Score> scores(shards.size());
    in_parallel(shards.size(), [&](size_t k) {
      const torch::AutoGradMode with_gradients(true);
      leaves[k] = leaves_of(held);
      const Tensor output =
          forward(graph_, leaves[k], inputs_.index_select(0, shards[k]), rounding());
      loss_of(output, shards[k]).backward();
      scores[k] = score_of(output.detach(), shards[k]);
    });
    collect_gradients(leaves, shards);
    set_learning_rate();
    optimiser_->step();
    for (size_t k = 0; k < shards.size(); ++k) {
      const auto count = static_cast<double>(shards[k].numel());
      loss_ += count * scores[k].loss;
      right_ += count * scores[k].accuracy.value_or(0);
    }
    if (++batch_ == batches()) end_epoch();
  }

  Score float_score() const { return score_of(answers_, all()); }

  Score score() const {
    const torch::NoGradGuard no_gradients;
    return score_of(run(projected(), rounding()), all());
  }

  Graph tuned() const {
    Graph result = graph_;
    store(projected(), result);
    return result;
  }

  std::string checkpoint() const;
  void restore(const std::string& checkpoint);

 private:
  /// Calls work(k) for every k below `count`, each call in one thread and with gradients off.
  void in_parallel(size_t count, const std::function<void(size_t)>& work) const {
    quantise::for_each_index(static_cast<int64_t>(count), options_.threads, [&](int64_t k) {
      torch::set_num_threads(1);  // holds for the calling thread
      const torch::NoGradGuard no_gradients;
      work(static_cast<size_t>(k));
    });
  }

  /// All inputs, without gradients.
  Tensor run(const std::vector<Parameters>& parameters, const After& after) const {
    std::vector<Tensor> parts = inputs_.split(kShard);
    in_parallel(parts.size(),
                [&](size_t k) { parts[k] = forward(graph_, parameters, parts[k], after); });
    return torch::cat(parts);
  }

  After rounding() const {
    return [this](int tensor, const Tensor& value) {
      const ActivationGrid& grid = grids_[static_cast<size_t>(tensor)];
      return grid.rounds ? rounded(value, floats(grid.scale), grid.lo, grid.hi) : value;
    };
  }

  Tensor all() const { return torch::arange(examples_.images, torch::kLong); }

  /// Indices of the inputs of this step.
  Tensor next_batch() const {
    std::vector<int64_t> order(static_cast<size_t>(examples_.images));
    std::iota(order.begin(), order.end(), int64_t{0});
    std::mt19937_64 random(options_.seed * 0x9e3779b97f4a7c15U + static_cast<uint64_t>(epoch_));
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    const int64_t first = batch_ * options_.batch;
    return torch::tensor(order, torch::kLong)
        .slice(0, first, std::min(first + options_.batch, examples_.images));
  }

  /// Outputs as a row of classes in the user's order.
  Tensor classes(const Tensor& output) const {
    const Tensor row = output.flatten(1);
    return order_.defined() ? row.index_select(1, order_) : row;
  }

  /// Outputs for the inputs `which`.
  Tensor loss_of(const Tensor& output, const Tensor& which) const {
    const Tensor answers = answers_.index_select(0, which);
    if (examples_.classes == 0) return (output - answers).square().mean() / variance_;
    const Tensor mine = classes(output);
    const Tensor log_goal = torch::log_softmax(classes(answers) / kTemperature, 1);
    const Tensor log_mine = torch::log_softmax(mine / kTemperature, 1);
    const Tensor divergence = (log_goal.exp() * (log_goal - log_mine)).sum(1).mean();
    Tensor loss = kTemperature * kTemperature * divergence;
    if (labels_.defined()) {
      loss = loss + kLabelShare * torch::cross_entropy_loss(mine, labels_.index_select(0, which));
    }
    return loss;
  }

  Score score_of(const Tensor& output, const Tensor& which) const {
    Score score;
    score.loss = loss_of(output, which).item<double>();
    if (examples_.classes == 0) return score;
    const Tensor goal = labels_.defined() ? labels_.index_select(0, which)
                                          : classes(answers_.index_select(0, which)).argmax(1);
    const Tensor is_right = classes(output).argmax(1).eq(goal);
    score.accuracy = is_right.to(torch::kDouble).mean().item<double>();
    return score;
  }

  static std::vector<Parameters> leaves_of(const std::vector<Parameters>& parameters) {
    std::vector<Parameters> leaves(parameters.size());
    for (size_t n = 0; n < parameters.size(); ++n) {
      if (!parameters[n].weight.defined()) continue;
      leaves[n] = {parameters[n].weight.detach().requires_grad_(),
                   parameters[n].bias.detach().requires_grad_()};
    }
    return leaves;
  }

  /// The mean over a batch of the gradients of its shards, each a mean itself.
  void collect_gradients(const std::vector<std::vector<Parameters>>& leaves,
                         const std::vector<Tensor>& shards) {
    int64_t count = 0;
    for (const Tensor& shard : shards) count += shard.numel();
    for (const size_t n : weighted_) {
      Tensor weight = torch::zeros_like(wanted_[n].weight);
      Tensor bias = torch::zeros_like(wanted_[n].bias);
      for (size_t k = 0; k < shards.size(); ++k) {
        const double share = static_cast<double>(shards[k].numel()) / static_cast<double>(count);
        weight.add_(leaves[k][n].weight.grad(), share);
        bias.add_(leaves[k][n].bias.grad(), share);
      }
      wanted_[n].weight.mutable_grad() = weight;
      wanted_[n].bias.mutable_grad() = bias;
    }
  }

  void end_epoch() {
    const auto images = static_cast<double>(examples_.images);
    Score score;
    score.loss = loss_ / images;
    if (examples_.classes > 0) score.accuracy = right_ / images;
    epoch_scores_.push_back(score);
    loss_ = right_ = 0;
    batch_ = 0;
    ++epoch_;
  }

  /// Scales of the activations of a graph like ours, and the steps of our weights under them.
  void choose_scales(const Graph& graph) {
    const int64_t elements = graph.tensors[static_cast<size_t>(graph.input)].shape.elements();
    const int64_t count = std::min(examples_.images, kMostCalibrated);
    std::vector<float> some;
    for (int64_t i = 0; i < count; ++i) {
      const float* from = examples_.inputs + i * examples_.images / count * elements;
      some.insert(some.end(), from, from + elements);
    }
    grids_ = activation_grids(graph, some.data(), count, options_.threads);
    steps_.assign(wanted_.size(), {});
    for (const size_t n : weighted_) steps_[n] = projection_.fit_steps(folded(n));
  }

  /// Scale of the activation that meets weight `i` of node `n`.
  float input_scale(size_t n, size_t i) const {
    const std::vector<float>& scale = grids_[static_cast<size_t>(graph_.nodes[n].inputs[0])].scale;
    const Tensor& weight = wanted_[n].weight;
    const auto window = static_cast<size_t>(weight.size(2) * weight.size(3));
    const size_t filter = i / window;
    const bool dense = graph_.nodes[n].kind == OpKind::kConv;
    return scale[dense ? filter % static_cast<size_t>(weight.size(1)) : filter];
  }

  Folded folded(size_t n) const {
    const Tensor& weight = wanted_[n].weight;
    const auto* data = weight.data_ptr<float>();
    Folded result{weight.size(0), weight.numel() / weight.size(0), {data, data + weight.numel()}};
    for (size_t i = 0; i < result.weights.size(); ++i) result.weights[i] *= input_scale(n, i);
    return result;
  }

  std::vector<Parameters> projected() const {
    std::vector<Parameters> result(wanted_.size());
    in_parallel(weighted_.size(), [&](size_t k) {
      const size_t n = weighted_[k];
      const std::vector<float> to = projection_.project(folded(n), steps_[n]);
      result[n] = {torch::empty(wanted_[n].weight.sizes()), wanted_[n].bias.detach().clone()};
      auto* data = result[n].weight.data_ptr<float>();
      for (size_t i = 0; i < to.size(); ++i) data[i] = to[i] / input_scale(n, i);
    });
    return result;
  }

  void make_optimiser() {
    std::vector<torch::optim::OptimizerParamGroup> groups;
    for (const size_t n : weighted_) {
      const double unit = root_mean_square(wanted_[n].weight);
      for (const Tensor& tensor : {wanted_[n].weight, wanted_[n].bias}) {
        groups.emplace_back(std::vector<Tensor>{tensor.requires_grad_()});
        unit_.push_back(unit);
      }
    }
    optimiser_ = std::make_unique<torch::optim::Adam>(
        groups, torch::optim::AdamOptions(options_.learning_rate));
  }

  void set_learning_rate() {
    const double done = static_cast<double>(epoch_ * batches() + batch_) /
                        static_cast<double>(options_.epochs * batches());
    const double rate = options_.learning_rate * (1 + std::cos(kPi * done)) / 2;
    for (size_t g = 0; g < unit_.size(); ++g) {
      optimiser_->param_groups()[g].options().set_lr(rate * unit_[g]);
    }
  }

  int64_t fingerprint() const {
    Fingerprint sum;
    for (const graph::Node& node : graph_.nodes) {
      sum.add(node.weights);
      sum.add(node.bias);
    }
    sum.add(examples_.inputs, static_cast<size_t>(inputs_.numel()) * sizeof(float));
    sum.add(examples_.labels);
    sum.add(projection_.operands());
    sum.add(std::vector<uint64_t>{projection_.codes(), static_cast<uint64_t>(options_.epochs),
                                  static_cast<uint64_t>(options_.batch), options_.seed});
    sum.add(std::vector<double>{options_.learning_rate});
    return sum.value();
  }

  Graph graph_;
  Projection projection_;
  Examples examples_;
  Options options_;
  std::vector<Parameters> wanted_;  ///< what Adam moves
  std::vector<size_t> weighted_;    ///< nodes that have any
  std::vector<ActivationGrid> grids_;
  std::vector<std::vector<float>> steps_;  ///< see Projection; by node
  std::vector<double> unit_;  ///< of the learning rate, in order of the optimiser's groups
  std::unique_ptr<torch::optim::Adam> optimiser_;
  Tensor inputs_, answers_;  ///< what the float network reads, and what it gives
  Tensor labels_, order_;    ///< undefined: there are none
  double variance_ = 1;
  int64_t epoch_ = 0, batch_ = 0;
  double loss_ = 0, right_ = 0;  ///< sums over the inputs of this epoch so far
  std::vector<Score> epoch_scores_;
};

std::string Trainer::State::checkpoint() const {
  torch::serialize::OutputArchive archive, optimiser;
  archive.write("run", torch::tensor({fingerprint(), epoch_, batch_}, torch::kLong));
  std::vector<double> sums{loss_, right_};
  for (const Score& score : epoch_scores_) {
    sums.push_back(score.loss);
    sums.push_back(score.accuracy.value_or(0));
  }
  archive.write("sums", torch::tensor(sums, torch::kDouble));
  for (size_t t = 0; t < grids_.size(); ++t) {
    const ActivationGrid& grid = grids_[t];
    archive.write("scale" + std::to_string(t), floats(grid.scale));
    archive.write("range" + std::to_string(t),
                  torch::tensor({grid.rounds ? 1.0 : 0.0, grid.lo, grid.hi}, torch::kDouble));
  }
  for (const size_t n : weighted_) {
    archive.write("weight" + std::to_string(n), wanted_[n].weight.detach());
    archive.write("bias" + std::to_string(n), wanted_[n].bias.detach());
    archive.write("step" + std::to_string(n), floats(steps_[n]));
  }
  optimiser_->save(optimiser);
  archive.write("optimiser", optimiser);
  std::ostringstream bytes;
  archive.save_to(bytes);
  return bytes.str();
}

void Trainer::State::restore(const std::string& checkpoint) {
  const torch::NoGradGuard no_gradients;
  const auto to_vector = [](const Tensor& tensor, auto zero) {
    const auto* data = tensor.data_ptr<decltype(zero)>();
    return std::vector<decltype(zero)>(data, data + tensor.numel());
  };
  try {
    torch::serialize::InputArchive archive, optimiser;
    archive.load_from(checkpoint.data(), checkpoint.size());
    const auto read = [&](const std::string& name) {
      Tensor tensor;
      archive.read(name, tensor);
      return tensor.contiguous();
    };
    const std::vector<int64_t> run = to_vector(read("run"), int64_t{});
    if (run.at(0) != fingerprint()) {
      throw Error(ErrorKind::kFile,
                  "is of a run with another model, other examples or other options");
    }
    epoch_ = run.at(1);
    batch_ = run.at(2);
    const std::vector<double> sums = to_vector(read("sums"), double{});
    loss_ = sums.at(0);
    right_ = sums.at(1);
    epoch_scores_.clear();
    for (size_t i = 2; i + 1 < sums.size(); i += 2) {
      epoch_scores_.push_back({sums[i], {}});
      if (examples_.classes > 0) epoch_scores_.back().accuracy = sums[i + 1];
    }
    for (size_t t = 0; t < grids_.size(); ++t) {
      const std::vector<double> range = to_vector(read("range" + std::to_string(t)), double{});
      grids_[t] = {to_vector(read("scale" + std::to_string(t)), float{}), range.at(0) != 0,
                   range.at(1), range.at(2)};
    }
    for (const size_t n : weighted_) {
      wanted_[n].weight.copy_(read("weight" + std::to_string(n)));
      wanted_[n].bias.copy_(read("bias" + std::to_string(n)));
      steps_[n] = to_vector(read("step" + std::to_string(n)), float{});
    }
    archive.read("optimiser", optimiser);
    optimiser_->load(optimiser);
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {  // of many kinds, with a trace of the library's calls
    throw Error(ErrorKind::kFile, "is no checkpoint, or is damaged");
  }
}

Trainer::Trainer(const Graph& graph, Projection projection, Examples examples,
                 const Options& options)
    : state_(std::make_unique<State>(graph, std::move(projection), std::move(examples), options)) {}
Trainer::~Trainer() = default;

int64_t Trainer::batches() const { return state_->batches(); }
int64_t Trainer::epoch() const { return state_->epoch(); }
int64_t Trainer::batch() const { return state_->batch(); }
bool Trainer::finished() const { return state_->finished(); }
void Trainer::step() { state_->step(); }
Score Trainer::float_score() const { return state_->float_score(); }
Score Trainer::score() const { return state_->score(); }
const std::vector<Score>& Trainer::epoch_scores() const { return state_->epoch_scores(); }
Graph Trainer::tuned() const { return state_->tuned(); }
std::string Trainer::checkpoint() const { return state_->checkpoint(); }
void Trainer::restore(const std::string& checkpoint) { state_->restore(checkpoint); }

}  // namespace keyway::tune
