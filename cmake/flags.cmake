# Compiler and linker flags. `mainstay_flags` is linked by every target of ours.
add_library(mainstay_flags INTERFACE)
target_include_directories(mainstay_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(mainstay_flags INTERFACE _GNU_SOURCE)
target_compile_options(mainstay_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wundef -Wformat=2
    -ffunction-sections -fdata-sections)
if(MAINSTAY_WARNINGS_AS_ERRORS)
    target_compile_options(mainstay_flags INTERFACE -Werror)
endif()
if(MAINSTAY_SANITIZE)
    target_compile_options(mainstay_flags INTERFACE
        -fsanitize=${MAINSTAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(mainstay_flags INTERFACE -fsanitize=${MAINSTAY_SANITIZE})
endif()

# Plain static and not static-pie: docs/decisions/0002-static-not-static-pie.md.
if(MAINSTAY_STATIC)
    set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG")
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    target_compile_options(mainstay_flags INTERFACE
        -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fno-plt)
    target_link_options(mainstay_flags INTERFACE
        -static -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()

# What PID 1 is built with: nothing throws, nothing asks for type information.
add_library(mainstay_core_flags INTERFACE)
target_link_libraries(mainstay_core_flags INTERFACE mainstay_flags)
target_compile_options(mainstay_core_flags INTERFACE -fno-exceptions -fno-rtti)

# A program as it is installed: stripped where it is a release, with the symbols kept beside it for
# debuggers and for scripts/check-init-symbols.
function(mainstay_program name)
    if(MAINSTAY_STATIC)
        add_custom_command(TARGET ${name} POST_BUILD
            COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/symbols
            COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:${name}> ${CMAKE_BINARY_DIR}/symbols/${name}
            COMMAND ${CMAKE_STRIP} $<TARGET_FILE:${name}>
            VERBATIM)
    endif()
endfunction()

# Parts of the static C library that nothing of ours reaches are left out: docs/decisions/0101-what-a-static-libc-brings.md.
# The files that stand in for them define the library's own names, so a trial program must link with them first.
set(libc_stand_ins ${PROJECT_SOURCE_DIR}/common/libc_unused.cpp ${PROJECT_SOURCE_DIR}/common/scanf_floats.cpp)
if(MAINSTAY_STATIC AND NOT DEFINED MAINSTAY_SMALL_LIBC)
    try_compile(MAINSTAY_SMALL_LIBC ${CMAKE_BINARY_DIR}/small_libc
        SOURCES ${PROJECT_SOURCE_DIR}/cmake/small_libc_trial.cpp ${libc_stand_ins}
        LINK_OPTIONS -static
        OUTPUT_VARIABLE trial_output)
    if(NOT MAINSTAY_SMALL_LIBC)
        message(WARNING "This C library is linked whole, which makes each program 120 KiB larger: "
            "cmake/small_libc_trial.cpp does not link with our stand-ins.\n${trial_output}")
    endif()
endif()

# A name of theirs that a program does not refer to costs it nothing: sections that nobody uses are not linked.
function(mainstay_small_libc name)
    if(MAINSTAY_STATIC AND MAINSTAY_SMALL_LIBC)
        target_sources(${name} PRIVATE ${libc_stand_ins})
        set_property(SOURCE ${libc_stand_ins} TARGET_DIRECTORY ${name} APPEND PROPERTY COMPILE_OPTIONS -fno-lto)
    endif()
endfunction()

# For a program that neither throws nor prints a backtrace.
function(mainstay_no_unwind_tables name)
    if(MAINSTAY_STATIC)
        target_link_options(${name} PRIVATE
            -Wl,--no-eh-frame-hdr -Wl,-T,${PROJECT_SOURCE_DIR}/cmake/no_unwind_tables.ld)
    endif()
endfunction()
