# The library libmoonpool for C and C++ hosts, its header, and how others find them.
#
# The public header and the core both have an mp_pool_open. So the core, the bindings and host_core.c are linked into
# one object first, in which everything but mpb_core_* is made local; the public functions come on top of that.

add_library(moonpool-host-core OBJECT host_core.c)
target_link_libraries(moonpool-host-core PRIVATE moonpool-bindings)

set(inner_object "${CMAKE_CURRENT_BINARY_DIR}/host_inner.o")
set(inner_flags -r -nostdlib)
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  list(APPEND inner_flags -O3 -flto=auto -flinker-output=nolto-rel)
endif()
add_custom_command(OUTPUT "${inner_object}"
  COMMAND ${CMAKE_C_COMPILER} ${inner_flags} -o "${inner_object}"
    $<TARGET_OBJECTS:moonpool-host-core> $<TARGET_OBJECTS:moonpool-bindings>
    -Wl,--whole-archive $<TARGET_FILE:moonpool-core> -Wl,--no-whole-archive
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=mpb_core_* "${inner_object}"
  DEPENDS moonpool-core moonpool-bindings moonpool-host-core
    $<TARGET_OBJECTS:moonpool-host-core> $<TARGET_OBJECTS:moonpool-bindings>
  COMMENT "Linking the inner object of the host library"
  COMMAND_EXPAND_LISTS VERBATIM)

add_library(moonpool-host SHARED host.c host_error.c host_handle.c host_state.c host_value.c
  main_alloc.c main_state.c "${inner_object}")
set(host_map "${CMAKE_CURRENT_SOURCE_DIR}/host.map")
set_target_properties(moonpool-host PROPERTIES
  OUTPUT_NAME moonpool EXPORT_NAME moonpool LINK_DEPENDS "${host_map}"
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  PUBLIC_HEADER "${CMAKE_CURRENT_SOURCE_DIR}/moonpool.h")
target_include_directories(moonpool-host
  INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_definitions(moonpool-host PRIVATE MP_VERSION="${PROJECT_VERSION}")
target_link_libraries(moonpool-host PRIVATE $<BUILD_INTERFACE:moonpool_options> $<BUILD_INTERFACE:PkgConfig::LUA>
  $<BUILD_INTERFACE:$<TARGET_PROPERTY:moonpool-core,LINK_LIBRARIES>>)
# It stays loaded: threads of its pools may still run when a host lets go of it.
target_link_options(moonpool-host PRIVATE "-Wl,--version-script=${host_map}" -Wl,-z,nodelete -Wl,-z,defs)

# ---- installation ----

include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Moonpool")
file(RELATIVE_PATH prefix_from_pc "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/moonpool.pc.in" moonpool.pc @ONLY)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/MoonpoolConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)

install(TARGETS moonpool-host EXPORT Moonpool
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" PUBLIC_HEADER DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT Moonpool NAMESPACE Moonpool:: FILE MoonpoolConfig.cmake DESTINATION "${package_folder}")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/MoonpoolConfigVersion.cmake" DESTINATION "${package_folder}")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/moonpool.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
