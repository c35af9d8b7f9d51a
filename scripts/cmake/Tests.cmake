# SPDX-License-Identifier: Apache-2.0
# Entries of ctest.
#
# Names: an entry is called FOLDER_WHAT, or FOLDER where one program tests all of it: the folder below
# tests/ that it lies in, with _ for /, and what it tests (rtl_shell_dma, tool_files, compile). So
# `ctest -R ^rtl_` runs a folder's tests. The program of an entry is build/tests/test_ENTRY. Entries
# of tests/ itself are about the whole tree and have no folder in their name.
#
# What is missing is said: an entry that could not run all of its tests, because data that are not
# part of the project are not there, is reported as skipped and never as passed. A script ends with
# exit status 77 then, a Catch2 program prints a line that begins with "SKIPPED:". So tests that need
# such data are entries of their own.

function(keyway_check_test_name name)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" folder "${folder}")
  if(folder AND NOT name MATCHES "^${folder}(_|$)")
    message(FATAL_ERROR "The test '${name}' lies in tests/${folder}: call it ${folder}_WHAT "
      "(scripts/cmake/Tests.cmake); its program becomes test_${folder}_WHAT.")
  endif()
endfunction()

# Checks a test's name; sets `environment` to what tests see of the project.
macro(keyway_begin_test name)
  keyway_check_test_name(${name})
  set(environment "KEYWAY_SHARED_DATA=${KEYWAY_SHARED_DATA}" "KEYWAY_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "KEYWAY_BUILD_DIR=${PROJECT_BINARY_DIR}" "KEYWAY_TOOL=${PROJECT_BINARY_DIR}/bin/keyway"
    "KEYWAY_VENV=${KEYWAY_VENV}" "PYTHONDONTWRITEBYTECODE=1")
endmacro()

# keyway_add_test(NAME SOURCES a.cpp ... LIBRARIES lib ... [TIMEOUT seconds] [OPTIONAL_DATA] [UNIT])
#   One Catch2 program, test_NAME, and its entry. Test cases with the tag [optional-data] need data
#   that may be missing; OPTIONAL_DATA makes them an entry NAME_optional_data of their own. UNIT: it needs
#   no Verilated code; target keyway_unit_tests builds these and label `unit` runs them, for sanitizers.
function(keyway_add_test name)
  cmake_parse_arguments(arg "OPTIONAL_DATA;UNIT" "TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
  keyway_begin_test(${name})
  set(program test_${name})
  add_executable(${program} ${arg_SOURCES})
  target_link_libraries(${program} PRIVATE keyway_test_main keyway_warnings ${arg_LIBRARIES})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  add_test(NAME ${name} COMMAND ${program} "~[optional-data]")
  set(entries ${name})
  if(arg_OPTIONAL_DATA)
    add_test(NAME ${name}_optional_data COMMAND ${program} "[optional-data]")
    list(APPEND entries ${name}_optional_data)
  endif()
  set_tests_properties(${entries} PROPERTIES TIMEOUT ${arg_TIMEOUT}
    SKIP_REGULAR_EXPRESSION "(^|\n)SKIPPED:" ENVIRONMENT "${environment}")
  if(arg_UNIT)
    set_tests_properties(${name} PROPERTIES LABELS unit)
    add_dependencies(keyway_unit_tests ${program})
  endif()
endfunction()

# keyway_add_script_test(NAME COMMAND script.py [argument ...] [TIMEOUT seconds] [LABELS label ...])
#   A Python script of this folder, run in it with the virtual environment's Python.
function(keyway_add_script_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "COMMAND;LABELS" ${ARGN})
  keyway_begin_test(${name})
  list(POP_FRONT arg_COMMAND script)
  cmake_path(ABSOLUTE_PATH script BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900)
  endif()
  add_test(NAME ${name} COMMAND ${KEYWAY_VENV}/bin/python ${script} ${arg_COMMAND}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
    SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
endfunction()
