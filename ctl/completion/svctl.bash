# Completion of svctl for bash: commands from svctl's own help, services from the supervisor that
# the command line names.

# Prints the commands: "up, start SERVICE..." in the help gives both names.
_svctl_commands() {
    svctl help 2>/dev/null | sed -n '/^Options:/q
        s/^  \([a-z0-9-]*\), \([a-z0-9-]*\) .*/\1\n\2/p; t
        s/^  \([a-z0-9-]*\) .*/\1/p'
}

# Prints the options: "  -f, --follow  ..." in the help.
_svctl_options() {
    svctl help 2>/dev/null | sed -n '/^Options:/,/^$/ s/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p'
}

# Prints what can be enabled, as far as the usual directories have it.
_svctl_definitions() {
    local directory
    for directory in /etc/sv /usr/lib/sv; do
        [[ -d $directory ]] && command ls -1 "$directory" 2>/dev/null
    done
}

# Offers those lines of the input that begin with $1. Not compgen -W, which would execute a service
# that is called $(...).
_svctl_offer() {
    local line
    while read -r line; do
        if [[ $line == "$1"* ]]; then
            COMPREPLY+=("$(printf '%q' "$line")")
        fi
    done
}

_svctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' socket='' option arguments=0 i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --control | --timeout | --root | --lines | -n)
            option=${COMP_WORDS[i]}
            i=$((i + 1))
            # Readline splits --control=PATH at the "=".
            [[ ${COMP_WORDS[i]} == "=" ]] && i=$((i + 1))
            [[ $option == --control ]] && socket=${COMP_WORDS[i]}
            ;;
        -*) ;;
        *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else arguments=$((arguments + 1)); fi ;;
        esac
    done
    if [[ $previous == --control || $previous == --root || $command == add || $command == lint ]] ||
        [[ $command == enable && $current == */* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    elif [[ $previous == --timeout || $previous == --lines || $previous == -n ]] ||
        [[ $command == version || $command == rescan || $command == upgrade ]]; then
        return
    elif [[ $current == -* ]]; then
        _svctl_offer "$current" < <(_svctl_options)
    elif [[ -z $command || $command == help ]]; then
        _svctl_offer "$current" < <(_svctl_commands)
    elif [[ $command == signal && $previous == signal ]]; then
        _svctl_offer "$current" < <(printf '%s\n' HUP INT QUIT KILL USR1 USR2 ALRM TERM CONT STOP WINCH)
    elif [[ $command == notify && $arguments -gt 0 ]]; then
        [[ $arguments -gt 1 ]] || _svctl_offer "$current" < <(printf '%s\n' ready reloading stopping status)
    elif [[ $command == enable ]]; then
        _svctl_offer "$current" < <(_svctl_definitions)
    else
        [[ $command != log ]] || _svctl_offer "$current" < <(printf '%s\n' @supervisor @init)
        _svctl_offer "$current" < <(svctl ${socket:+--control "$socket"} list 2>/dev/null)
    fi
}

complete -F _svctl svctl
