# Debian 12: clang lld llvm wasi-libc libclang-rt-14-dev-wasm32
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})    # Platform/WASI.cmake
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER clang)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
# GNU's ar takes WebAssembly too, but makes no index of it, and the linker then fails.
set(CMAKE_AR llvm-ar)
set(CMAKE_RANLIB llvm-ranlib)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
