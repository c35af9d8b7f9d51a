# SPDX-License-Identifier: Apache-2.0
# keyway_add_test(NAME SOURCES a.cpp ... LIBRARIES lib ... [LABELS label ...] [TIMEOUT seconds])
#   One Catch2 program, one ctest entry. Tests see KEYWAY_SHARED_DATA and KEYWAY_SOURCE_DIR in
#   their environment.
function(keyway_add_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS;ARGUMENTS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE keyway_test_main keyway_warnings ${arg_LIBRARIES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGUMENTS})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
    ENVIRONMENT "KEYWAY_SHARED_DATA=${KEYWAY_SHARED_DATA};KEYWAY_SOURCE_DIR=${PROJECT_SOURCE_DIR};KEYWAY_VENV=${KEYWAY_VENV};KEYWAY_TOOL=${PROJECT_BINARY_DIR}/bin/keyway")
endfunction()
