// SPDX-License-Identifier: Apache-2.0
#include "platform/control_port.hpp"

#include <string>

#include "common/error.hpp"

namespace keyway::platform {

void ControlPort::reset() {
  queue_.clear();
  started_ = address_due_ = data_due_ = false;
}

void ControlPort::drive(ControlMaster& pins) {
  if (!started_ && !queue_.empty()) {
    const Access& access = queue_.front();
    started_ = address_due_ = true;
    data_due_ = access.write;
    pins.awaddr = pins.araddr = access.offset;
    pins.wdata = access.value;
    pins.wstrb = 0xf;
  }
  const bool write = started_ && queue_.front().write;
  pins.awvalid = write && address_due_;
  pins.wvalid = write && data_due_;
  pins.arvalid = started_ && !write && address_due_;
  pins.bready = write;
  pins.rready = started_ && !write;
}

std::optional<ControlPort::Access> ControlPort::sample(const ControlMaster& master,
                                                       const ControlSlave& slave) {
  if ((master.awvalid && slave.awready) || (master.arvalid && slave.arready)) address_due_ = false;
  if (master.wvalid && slave.wready) data_due_ = false;
  const bool wrote = slave.bvalid && master.bready;
  const bool read = slave.rvalid && master.rready;
  if (!wrote && !read) return std::nullopt;

  Access access = queue_.front();
  queue_.pop_front();
  started_ = false;
  if (read) access.value = slave.rdata;
  if ((read ? slave.rresp : slave.bresp) != kOkay)
    throw Error(ErrorKind::kDevice, "the kernel answered an access to register " +
                                        std::to_string(access.offset) + " with an error");
  return access;
}

}  // namespace keyway::platform
