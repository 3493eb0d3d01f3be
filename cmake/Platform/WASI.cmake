# What CMake must know of WASI, which it does not know itself: libraries are static.
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)
