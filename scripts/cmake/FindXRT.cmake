# SPDX-License-Identifier: Apache-2.0
# Xilinx Runtime (Debian: libxrt-dev, or a vendor tree named by XILINX_XRT). Debian's xrt.pc holds a
# wrong prefix and there is no CMake package, hence this file. Defines XRT::coreutil.
find_path(XRT_INCLUDE_DIR NAMES xrt/xrt_kernel.h HINTS $ENV{XILINX_XRT}/include PATH_SUFFIXES xrt)
find_library(XRT_COREUTIL_LIBRARY NAMES xrt_coreutil HINTS $ENV{XILINX_XRT}/lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(XRT REQUIRED_VARS XRT_COREUTIL_LIBRARY XRT_INCLUDE_DIR)
if(XRT_FOUND AND NOT TARGET XRT::coreutil)
  add_library(XRT::coreutil UNKNOWN IMPORTED)
  set_target_properties(XRT::coreutil PROPERTIES IMPORTED_LOCATION ${XRT_COREUTIL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES "${XRT_INCLUDE_DIR};${XRT_INCLUDE_DIR}/xrt")
  target_link_libraries(XRT::coreutil INTERFACE uuid)
endif()
mark_as_advanced(XRT_INCLUDE_DIR XRT_COREUTIL_LIBRARY)
