// SPDX-License-Identifier: Apache-2.0
#include "platform/ddr.hpp"

#include <algorithm>
#include <cstring>

namespace keyway::platform {

Ddr::Ddr(const sc_core::sc_module_name& name, uint64_t base, uint64_t bytes,
         const sc_core::sc_time& period)
    : sc_module(name), socket("socket"), base_(base), bytes_(bytes), period_(period) {
  socket.register_b_transport(this, &Ddr::b_transport);
  socket.register_transport_dbg(this, &Ddr::transport_dbg);
}

bool Ddr::inside(uint64_t address, size_t bytes) const {
  return address >= base_ && bytes <= bytes_ && address - base_ <= bytes_ - bytes;
}

bool Ddr::read(uint64_t address, void* data, size_t bytes) const {
  if (!inside(address, bytes)) return false;
  auto* to = static_cast<uint8_t*>(data);
  while (bytes > 0) {
    const uint64_t offset = address % kPageBytes;
    const size_t part = std::min<size_t>(bytes, kPageBytes - offset);
    const auto page = pages_.find(address / kPageBytes);
    if (page == pages_.end())
      std::memset(to, 0, part);
    else
      std::memcpy(to, page->second->data() + offset, part);
    to += part;
    address += part;
    bytes -= part;
  }
  return true;
}

bool Ddr::write(uint64_t address, const void* data, size_t bytes) {
  if (!inside(address, bytes)) return false;
  const auto* from = static_cast<const uint8_t*>(data);
  while (bytes > 0) {
    const uint64_t offset = address % kPageBytes;
    const size_t part = std::min<size_t>(bytes, kPageBytes - offset);
    std::unique_ptr<Page>& page = pages_[address / kPageBytes];
    if (!page) page = std::make_unique<Page>(Page{});
    std::memcpy(page->data() + offset, from, part);
    from += part;
    address += part;
    bytes -= part;
  }
  return true;
}

bool Ddr::access(tlm::tlm_generic_payload& transaction) {
  const uint64_t address = transaction.get_address();
  const size_t bytes = transaction.get_data_length();
  uint8_t* data = transaction.get_data_ptr();
  if (transaction.is_read()) return read(address, data, bytes);
  const uint8_t* enables = transaction.get_byte_enable_ptr();
  if (enables == nullptr) return write(address, data, bytes);
  if (!inside(address, bytes)) return false;
  const unsigned period = transaction.get_byte_enable_length();
  for (size_t i = 0; i < bytes; ++i)
    if (enables[i % period] != TLM_BYTE_DISABLED) write(address + i, data + i, 1);
  return true;
}

void Ddr::b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay) {
  delay += latency_;
  transaction.set_response_status(access(transaction) ? tlm::TLM_OK_RESPONSE
                                                      : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

unsigned Ddr::transport_dbg(tlm::tlm_generic_payload& transaction) {
  return access(transaction) ? transaction.get_data_length() : 0;
}

}  // namespace keyway::platform
