# Seconds after which a test does not end by itself any more. Long, because a loaded machine may be ten times slower than an idle one.
set(SVY_TEST_HANGS 1500)

# svy_add_unit_test(name SOURCES a.c ... [LIBS t ...]): one Criterion program, one ctest entry.
function(svy_add_unit_test name)
  cmake_parse_arguments(A "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ${A_LIBS} svy_warnings PkgConfig::CRITERION m)
  target_compile_definitions(${name} PRIVATE SVY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" SVY_TEST_DATA="${PROJECT_SOURCE_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name} --encoding=C --color=never --xml=${name}.junit.xml)
  set_tests_properties(${name} PROPERTIES
    LABELS unit TIMEOUT ${SVY_TEST_HANGS}
    # Criterion ignores a worker's exit code once the test has reported, so a
    # leak or a recovered UB report would pass: abort instead, and read the log.
    ENVIRONMENT "ASAN_OPTIONS=abort_on_error=1:detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    FAIL_REGULAR_EXPRESSION "Sanitizer:;runtime error:;Tested: 0;definitely lost")
endfunction()

# svy_add_fuzz_target(name SOURCES a.c CORPUS dir [LIBS t ...]): libFuzzer program if SVY_FUZZ, replay test always.
function(svy_add_fuzz_target name)
  cmake_parse_arguments(A "" "CORPUS" "SOURCES;LIBS" ${ARGN})
  add_executable(${name}_replay ${A_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
  target_link_libraries(${name}_replay PRIVATE ${A_LIBS} svy_warnings m)
  target_compile_definitions(${name}_replay PRIVATE SVY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name}_replay COMMAND ${name}_replay ${A_CORPUS})
  set_tests_properties(${name}_replay PROPERTIES LABELS fuzz TIMEOUT ${SVY_TEST_HANGS})
  if(SVY_FUZZ)
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE ${A_LIBS} svy_warnings m)
    target_compile_definitions(${name} PRIVATE SVY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()
