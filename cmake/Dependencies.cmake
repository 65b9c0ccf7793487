# The libraries that the layers stand on, as imported targets. tools/packages lists the packages that bring them.

find_package(PkgConfig REQUIRED)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(YAJL REQUIRED IMPORTED_TARGET yajl)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(LUA REQUIRED IMPORTED_TARGET lua5.4)
find_package(Threads REQUIRED)
find_library(LUA_STATIC_LIBRARY NAMES liblua5.4.a REQUIRED)
