# Writes version.cpp; run by cmake/version.cmake. Takes GIT, COMMIT, VERSION, SOURCE and OUTPUT.
set(mainstay_commit "${COMMIT}")
if(NOT mainstay_commit AND GIT)
    execute_process(COMMAND ${GIT} describe --always --dirty --abbrev=12
        WORKING_DIRECTORY ${SOURCE}
        OUTPUT_VARIABLE mainstay_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT mainstay_commit)
    set(mainstay_commit "unknown")
endif()
set(PROJECT_VERSION ${VERSION})
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.cpp.in ${OUTPUT} @ONLY)
