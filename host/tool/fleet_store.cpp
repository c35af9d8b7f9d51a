// SPDX-License-Identifier: Apache-2.0
#include "tool/fleet_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>

#include "common/error.hpp"

namespace keyway::tool {

namespace {

constexpr char kTables[] = R"(
  CREATE TABLE IF NOT EXISTS fleet(
    package TEXT NOT NULL, devices INTEGER NOT NULL, pairs INTEGER NOT NULL, seed INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS device(
    number INTEGER PRIMARY KEY, opened INTEGER NOT NULL, outputs TEXT NOT NULL,
    message TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS wrong(
    licence INTEGER NOT NULL, device INTEGER NOT NULL, opened INTEGER NOT NULL,
    PRIMARY KEY(licence, device)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wrong_accuracy(
    licence INTEGER NOT NULL, device INTEGER NOT NULL, accuracy REAL NOT NULL,
    PRIMARY KEY(licence, device)) WITHOUT ROWID;
)";

}  // namespace

/// A database, whose failures are the file's.
class FleetStore::Database {
 public:
  explicit Database(const std::string& path) : path_(path) {
    with([&](std::optional<SQLite::Database>& database) {
      database.emplace(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      SQLite::Transaction transaction(*database);
      database->exec(kTables);
      transaction.commit();
    });
  }

  template <class Work>
  void with(const Work& work) {
    try {
      work(database_);
    } catch (const SQLite::Exception& e) {
      throw Error(ErrorKind::kFile, path_ + ": " + e.what());
    }
  }

  /// All rows of a query, each by `row`.
  template <class Row>
  void each(const char* query, const Row& row) {
    with([&](std::optional<SQLite::Database>& database) {
      SQLite::Statement statement(*database, query);
      while (statement.executeStep()) row(statement);
    });
  }

  /// A statement for every item, all or none of them; `bind` sets its parameters.
  template <class Items, class Bind>
  void for_all(const char* text, const Items& items, const Bind& bind) {
    with([&](std::optional<SQLite::Database>& database) {
      SQLite::Transaction transaction(*database);
      SQLite::Statement statement(*database, text);
      for (const auto& item : items) {
        bind(statement, item);
        statement.exec();
        statement.reset();
      }
      transaction.commit();
    });
  }

 private:
  std::string path_;
  std::optional<SQLite::Database> database_;
};

FleetStore::FleetStore(const std::string& path, const Setup& wanted)
    : database_(std::make_unique<Database>(path)) {
  std::vector<Setup> found;
  database_->each("SELECT package, devices, pairs, seed FROM fleet", [&](SQLite::Statement& row) {
    found.push_back({row.getColumn(0).getString(), static_cast<size_t>(row.getColumn(1).getInt64()),
                     static_cast<size_t>(row.getColumn(2).getInt64()),
                     static_cast<uint64_t>(row.getColumn(3).getInt64())});
  });
  if (found.empty()) {
    database_->for_all("INSERT INTO fleet VALUES(?, ?, ?, ?)", std::vector<Setup>{wanted},
                       [](SQLite::Statement& row, const Setup& setup) {
                         row.bind(1, setup.package);
                         row.bind(2, static_cast<int64_t>(setup.devices));
                         row.bind(3, static_cast<int64_t>(setup.pairs));
                         row.bind(4, static_cast<int64_t>(setup.seed));
                       });
    setup_ = wanted;
    return;
  }
  setup_ = found.front();
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::kUsage, path + ": this fleet was begun with " + what +
                                       "; name another folder for another fleet");
  };
  if (setup_.package != wanted.package) refuse("another package");
  if (setup_.devices != wanted.devices) refuse(std::to_string(setup_.devices) + " devices");
  if (setup_.pairs != wanted.pairs) refuse(std::to_string(setup_.pairs) + " pairs");
}

FleetStore::~FleetStore() = default;

void FleetStore::add(const std::vector<OwnDevice>& devices) {
  database_->for_all("INSERT OR REPLACE INTO device VALUES(?, ?, ?, ?)", devices,
                     [](SQLite::Statement& row, const OwnDevice& device) {
                       row.bind(1, device.number);
                       row.bind(2, device.opened ? 1 : 0);
                       row.bind(3, device.outputs);
                       row.bind(4, device.message);
                     });
}

std::vector<FleetStore::OwnDevice> FleetStore::own_devices() const {
  std::vector<OwnDevice> devices;
  database_->each("SELECT number, opened, outputs, message FROM device ORDER BY number",
                  [&](SQLite::Statement& row) {
                    devices.push_back({row.getColumn(0).getUInt(), row.getColumn(1).getInt() != 0,
                                       row.getColumn(2).getString(), row.getColumn(3).getString()});
                  });
  return devices;
}

void FleetStore::add(const std::vector<WrongDevice>& devices) {
  database_->for_all("INSERT OR REPLACE INTO wrong VALUES(?, ?, ?)", devices,
                     [](SQLite::Statement& row, const WrongDevice& device) {
                       row.bind(1, device.pair.first);
                       row.bind(2, device.pair.second);
                       row.bind(3, device.opened ? 1 : 0);
                     });
}

std::vector<FleetStore::WrongDevice> FleetStore::wrong_devices() const {
  std::vector<WrongDevice> devices;
  database_->each("SELECT licence, device, opened FROM wrong ORDER BY licence, device",
                  [&](SQLite::Statement& row) {
                    devices.push_back({{row.getColumn(0).getUInt(), row.getColumn(1).getUInt()},
                                       row.getColumn(2).getInt() != 0});
                  });
  return devices;
}

void FleetStore::add_accuracy(const DevicePair& pair, double accuracy) {
  database_->for_all("INSERT OR REPLACE INTO wrong_accuracy VALUES(?, ?, ?)",
                     std::vector<double>{accuracy}, [&](SQLite::Statement& row, double value) {
                       row.bind(1, pair.first);
                       row.bind(2, pair.second);
                       row.bind(3, value);
                     });
}

std::vector<std::pair<DevicePair, double>> FleetStore::accuracies() const {
  std::vector<std::pair<DevicePair, double>> found;
  database_->each("SELECT licence, device, accuracy FROM wrong_accuracy ORDER BY licence, device",
                  [&](SQLite::Statement& row) {
                    found.push_back({{row.getColumn(0).getUInt(), row.getColumn(1).getUInt()},
                                     row.getColumn(2).getDouble()});
                  });
  return found;
}

}  // namespace keyway::tool
