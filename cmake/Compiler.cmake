# Language level, warnings, optimisation, hardening and sanitizers: one interface target that all of ours link.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Assertions stay in a release: they are cheap, and a broken invariant must not go on with somebody's data.
set(CMAKE_C_FLAGS_RELEASE "-O3")

set(MOONPOOL_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")

add_library(moonpool_options INTERFACE)
target_compile_definitions(moonpool_options INTERFACE _GNU_SOURCE)
target_compile_options(moonpool_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wformat=2 -Wundef -fno-common -fno-strict-overflow)

if(MOONPOOL_SANITIZE)
  target_compile_options(moonpool_options INTERFACE
    -fsanitize=${MOONPOOL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(moonpool_options INTERFACE -fsanitize=${MOONPOOL_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  target_compile_options(moonpool_options INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fcf-protection)
  target_link_options(moonpool_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# The fuzzer's feedback; its main function is linked into the targets only (spec/fuzz/CMakeLists.txt).
if(MOONPOOL_FUZZ)
  target_compile_options(moonpool_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
