# The commit shown by --version: from git where there is one, else from the packager.
set(MAINSTAY_COMMIT "" CACHE STRING "Commit shown by --version; asked from git when empty")
set(mainstay_commit "${MAINSTAY_COMMIT}")
if(NOT mainstay_commit)
    find_package(Git QUIET)
    if(Git_FOUND)
        execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=12
            WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
            OUTPUT_VARIABLE mainstay_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
endif()
if(NOT mainstay_commit)
    set(mainstay_commit "unknown")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/version.cpp.in ${CMAKE_BINARY_DIR}/version.cpp @ONLY)
