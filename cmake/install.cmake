# What `cmake --install` puts where. With MAINSTAY_REPLACE_INIT=ON also /sbin/init, /sbin/supervisor and the
# names init is called by: only for a system that is to boot with it.
include(GNUInstallDirs)

set(program_directory lib/mainstay)
install(TARGETS init supervisor RUNTIME DESTINATION ${program_directory})
install(TARGETS svctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ctl/completion/svctl.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME svctl)
install(FILES ctl/completion/sv.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME sv)
install(FILES docs/man/inittab.5 docs/man/service.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES docs/man/chpst.8 docs/man/init.8 docs/man/runsv.8 docs/man/runsvdir.8
    docs/man/supervisor.8 docs/man/sv.8 docs/man/svctl.8 docs/man/svlog.8 docs/man/svlogd.8
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)

# What else the supervisor is, by the name it is called by.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/names)
file(CREATE_LINK supervisor ${CMAKE_BINARY_DIR}/names/svlog SYMBOLIC)
install(FILES ${CMAKE_BINARY_DIR}/names/svlog DESTINATION ${program_directory})
# Names of runit and daemontools, which a system may have of its own: PATH decides, or a link.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/names/runit)
set(runit_names chpst envdir envuidgid pgrphack runsv runsvdir setlock setuidgid softlimit svlogd)
foreach(name ${runit_names})
    file(CREATE_LINK ../supervisor ${CMAKE_BINARY_DIR}/names/runit/${name} SYMBOLIC)
    install(FILES ${CMAKE_BINARY_DIR}/names/runit/${name} DESTINATION ${program_directory}/runit)
endforeach()
# install_completion NAME: bash completes it as one of init's names.
function(install_completion name)
    install(FILES init/completion/init.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${name})
endfunction()
# The same for what a command's own init is called in containers.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/names/container)
foreach(name catatonit docker-init dumb-init tini)
    file(CREATE_LINK ../init ${CMAKE_BINARY_DIR}/names/container/${name} SYMBOLIC)
    install(FILES ${CMAKE_BINARY_DIR}/names/container/${name} DESTINATION ${program_directory}/container)
    install_completion(${name})
endforeach()
file(CREATE_LINK svctl ${CMAKE_BINARY_DIR}/names/sv SYMBOLIC)
install(FILES ${CMAKE_BINARY_DIR}/names/sv DESTINATION ${CMAKE_INSTALL_BINDIR})

# install_name NAME PROGRAM: /sbin/NAME leads to PROGRAM in its directory.
function(install_name name program)
    set(link ${CMAKE_BINARY_DIR}/names/${name})
    file(CREATE_LINK ${CMAKE_INSTALL_PREFIX}/${program_directory}/${program} ${link} SYMBOLIC)
    install(FILES ${link} DESTINATION /sbin)
endfunction()

if(MAINSTAY_REPLACE_INIT)
    foreach(name init telinit poweroff reboot halt shutdown runlevel modprobe)
        install_name(${name} init)
        install_completion(${name})
    endforeach()
    install_name(supervisor supervisor)
endif()
