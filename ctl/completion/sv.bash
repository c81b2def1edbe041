# Completion of sv(8) for bash: the commands, then the services below SVDIR.
_sv() {
    local word=${COMP_WORDS[COMP_CWORD]} at=1
    COMPREPLY=()
    while [[ ${COMP_WORDS[at]} == -* && $at -lt $COMP_CWORD ]]; do
        [[ ${COMP_WORDS[at]} == -w ]] && at=$((at + 1))
        at=$((at + 1))
    done
    if [[ $COMP_CWORD -gt $at ]]; then
        local path
        for path in "${SVDIR:-/etc/service}/$word"*/; do
            [[ -d $path ]] && COMPREPLY+=("$(basename "$path")")
        done
    elif [[ $COMP_CWORD -eq $at ]]; then
        local commands="status up down once pause cont hup alarm interrupt quit 1 2 term kill exit
            start stop reload restart shutdown try-restart check
            force-stop force-reload force-restart force-shutdown"
        [[ $word == -* ]] && commands="-v -w -V"
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
    fi
}
complete -F _sv sv
