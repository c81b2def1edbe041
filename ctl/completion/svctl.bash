# Completion of svctl for bash: commands and options from svctl's own help, services from the
# supervisor that the command line names.

# Prints the words of the first column of a section's lines: "up, start SERVICE..." gives both.
_svctl_commands() {
    svctl help 2>/dev/null | sed -n '/^Options:/q; s/^  \([a-z0-9]*\), \([a-z0-9]*\) .*/\1 \2/p; t
        s/^  \([a-z0-9]*\) .*/\1/p'
}

_svctl() {
    local current=${COMP_WORDS[COMP_CWORD]}
    local command= socket= word i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --control)
            i=$((i + 1))
            # Readline splits --control=PATH at the "=".
            [[ ${COMP_WORDS[i]} == "=" ]] && i=$((i + 1))
            socket=${COMP_WORDS[i]}
            ;;
        --timeout)
            i=$((i + 1))
            [[ ${COMP_WORDS[i]} == "=" ]] && i=$((i + 1))
            ;;
        -*) ;;
        *) [[ -z $command ]] && command=$word ;;
        esac
    done
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    --control)
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$current"))
        return
        ;;
    --timeout) return ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W '--control --json --no-wait --timeout --help --version' -- "$current"))
    elif [[ -z $command || $command == help ]]; then
        COMPREPLY=($(compgen -W "$(_svctl_commands)" -- "$current"))
    elif [[ $command == signal && ${COMP_WORDS[COMP_CWORD - 1]} == signal ]]; then
        COMPREPLY=($(compgen -W 'HUP INT QUIT KILL USR1 USR2 ALRM TERM CONT STOP WINCH' -- "$current"))
    elif [[ $command != version ]]; then
        COMPREPLY=($(compgen -W "$(svctl ${socket:+--control "$socket"} list 2>/dev/null)" -- "$current"))
    fi
}

complete -F _svctl svctl
