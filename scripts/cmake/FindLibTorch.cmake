# SPDX-License-Identifier: Apache-2.0
# LibTorch, as Debian packages it: target LibTorch::torch. Its own TorchConfig.cmake asks for the
# development files of everything that it was built with.
include(FindPackageHandleStandardArgs)

find_path(LibTorch_INCLUDE_DIR torch/csrc/api/include/torch/torch.h)
foreach(part torch torch_cpu c10)
  find_library(LibTorch_${part}_LIBRARY ${part})
  list(APPEND libtorch_variables LibTorch_${part}_LIBRARY)
  list(APPEND libtorch_libraries ${LibTorch_${part}_LIBRARY})
endforeach()

find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_INCLUDE_DIR ${libtorch_variables})

if(LibTorch_FOUND AND NOT TARGET LibTorch::torch)
  add_library(LibTorch::torch INTERFACE IMPORTED)
  set_target_properties(LibTorch::torch PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES "${libtorch_libraries}")
endif()
