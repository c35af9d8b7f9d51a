# SPDX-License-Identifier: Apache-2.0
# cmake -P scripts/cmake/PrintRtlFiles.cmake: the kernel's RTL files of rtl/files.cmake, one a line,
# relative to rtl/, in the order in which tools must read them. For scripts that are not CMake.
include(${CMAKE_CURRENT_LIST_DIR}/../../rtl/files.cmake)
foreach(file IN LISTS KEYWAY_RTL_KERNEL)
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo ${file})
endforeach()
