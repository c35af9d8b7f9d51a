# SPDX-License-Identifier: Apache-2.0
# keyway_warnings: linked by every target of ours; generated and third-party code does not link it.
add_library(keyway_warnings INTERFACE)
target_compile_options(keyway_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow
  $<$<BOOL:${KEYWAY_WERROR}>:-Werror>)
if(KEYWAY_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
