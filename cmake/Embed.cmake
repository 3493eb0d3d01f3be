# svy_embed(target file symbol): the bytes of a file as `const unsigned char symbol[]` and `const size_t symbol_size` in the target,
# made when configuring, and again when the file has changed. So the library needs no installed file.
function(svy_embed target file symbol)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} hex HEX)
  string(LENGTH "${hex}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${hex}")     # 16 bytes a line
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  get_filename_component(name ${file} NAME)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c @ONLY CONTENT
"/* Made from ${name}. */
#include <stddef.h>
extern const unsigned char ${symbol}[];
extern const size_t ${symbol}_size;
const unsigned char ${symbol}[] = {
${bytes}
};
const size_t ${symbol}_size = ${size};
")
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
endfunction()
