# Completion of svctl for bash: commands from svctl's own help, services from the supervisor that
# the command line names.

# Prints the commands: "up, start SERVICE..." in the help gives both names.
_svctl_commands() {
    svctl help 2>/dev/null | sed -n '/^Options:/q
        s/^  \([a-z0-9]*\), \([a-z0-9]*\) .*/\1\n\2/p; t
        s/^  \([a-z0-9]*\) .*/\1/p'
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
    local command='' socket='' option i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --control | --timeout)
            option=${COMP_WORDS[i]}
            i=$((i + 1))
            # Readline splits --control=PATH at the "=".
            [[ ${COMP_WORDS[i]} == "=" ]] && i=$((i + 1))
            [[ $option == --control ]] && socket=${COMP_WORDS[i]}
            ;;
        -*) ;;
        *) [[ -z $command ]] && command=${COMP_WORDS[i]} ;;
        esac
    done
    if [[ $previous == --control ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    elif [[ $previous == --timeout || $command == version ]]; then
        return
    elif [[ $current == -* ]]; then
        _svctl_offer "$current" < <(printf '%s\n' --control --json --no-wait --timeout --help --version)
    elif [[ -z $command || $command == help ]]; then
        _svctl_offer "$current" < <(_svctl_commands)
    elif [[ $command == signal && $previous == signal ]]; then
        _svctl_offer "$current" < <(printf '%s\n' HUP INT QUIT KILL USR1 USR2 ALRM TERM CONT STOP WINCH)
    else
        _svctl_offer "$current" < <(svctl ${socket:+--control "$socket"} list 2>/dev/null)
    fi
}

complete -F _svctl svctl
