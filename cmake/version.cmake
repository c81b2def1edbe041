# The commit shown by --version: from git where there is one, else from the packager. Asked at each build,
# as the commit changes without the build files; the file is only touched when its content changes.
set(MAINSTAY_COMMIT "" CACHE STRING "Commit shown by --version; asked from git when empty")
find_package(Git QUIET)
set(mainstay_version_command
    ${CMAKE_COMMAND} -D GIT=${GIT_EXECUTABLE} -D COMMIT=${MAINSTAY_COMMIT}
    -D VERSION=${PROJECT_VERSION} -D SOURCE=${PROJECT_SOURCE_DIR}
    -D OUTPUT=${CMAKE_BINARY_DIR}/version.cpp -P ${PROJECT_SOURCE_DIR}/cmake/write_version.cmake)
execute_process(COMMAND ${mainstay_version_command})
add_custom_target(mainstay_version COMMAND ${mainstay_version_command}
    BYPRODUCTS ${CMAKE_BINARY_DIR}/version.cpp VERBATIM)
