# United sources: with MAINSTAY_UNITE=N the compiler reads about N files of a target at once. Our headers and the
# library's are then read once for all of them, which saves half of the time of a whole build and costs a longer one
# after a change: for CI, not for daily work.
#
# What two files both declare at the start of a line (in their anonymous namespaces) would be declared twice, so
# such files are never put together; neither are those that open different namespaces for themselves (using
# namespace). A missed pair is an error of the compiler, never a different program.
set(MAINSTAY_UNITE 0 CACHE STRING "About how many files of a target are compiled together; 0: each by itself")

# names_declared_by TEXT VARIABLE: the names that stand last before a ( = { ; or the end of a line that begins
# with a letter.
function(names_declared_by text variable)
    string(REGEX REPLACE "[][;]" "(" text "${text}")
    string(REGEX MATCHALL "\n[A-Za-z][^\n(={]*" lines "\n${text}")
    list(FILTER lines EXCLUDE REGEX "^\n((namespace|extern|using (enum|namespace)) |TEST_CASE$)|::~?[A-Za-z0-9_]+ *$")
    list(TRANSFORM lines REPLACE "[^A-Za-z0-9_]+$" "")
    list(TRANSFORM lines REPLACE "^.*[^A-Za-z0-9_]" "")
    list(REMOVE_DUPLICATES lines)
    set(${variable} "${lines}" PARENT_SCOPE)
endfunction()

# emptiest_group_for NAMES OPENED VARIABLE: of group_count groups (group_names_K, group_opened_K, group_size_K) the one
# with the fewest files, and room, among those whose files open the same namespaces and declare none of NAMES;
# group_count where there is none.
function(emptiest_group_for names opened variable)
    set(best ${group_count})
    set(fewest ${MAINSTAY_UNITE})
    set(group 0)
    while(group LESS group_count)
        set(left ${group_names_${group}})
        list(LENGTH left before)
        list(REMOVE_ITEM left "" ${names})
        list(LENGTH left after)
        if(before EQUAL after AND group_opened_${group} STREQUAL opened AND group_size_${group} LESS fewest)
            set(best ${group})
            set(fewest ${group_size_${group}})
        endif()
        math(EXPR group "${group} + 1")
    endwhile()
    set(${variable} ${best} PARENT_SCOPE)
endfunction()

# mainstay_unite TARGET [FILE…]: groups the sources of a target, but for the FILEs and for those that are compiled
# with options of their own.
function(mainstay_unite target)
    if(MAINSTAY_UNITE EQUAL 0)
        return()
    endif()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "^[^/$]*\\.cpp$")
    list(REMOVE_ITEM sources "" ${ARGN})
    list(LENGTH sources count)
    math(EXPR group_count "(${count} + ${MAINSTAY_UNITE} - 1) / ${MAINSTAY_UNITE}")
    foreach(group RANGE ${group_count})
        set(group_size_${group} 0)
        set(group_names_${group} "")
        set(group_opened_${group} "")
    endforeach()
    foreach(source IN LISTS sources)
        get_source_file_property(options ${source} COMPILE_OPTIONS)
        if(options)
            continue()
        endif()
        file(READ ${source} text)
        names_declared_by("${text}" names)
        string(REGEX MATCHALL "\nusing namespace [^\n;]*" opened "${text}")
        list(SORT opened)
        emptiest_group_for("${names}" "${opened}" group)
        if(group EQUAL group_count)
            math(EXPR group_count "${group_count} + 1")
            set(group_size_${group} 0)
            set(group_names_${group} "")
            set(group_opened_${group} "${opened}")
        endif()
        math(EXPR group_size_${group} "${group_size_${group}} + 1")
        list(APPEND group_names_${group} ${names})
        math(EXPR number "${group} + 1")
        set_source_files_properties(${source} PROPERTIES UNITY_GROUP UnifiedSource${number})
    endforeach()
endfunction()
