# Completion for bash of init(8) under all its names: options, levels, modules, and the commands that it runs.

# Offers those of the words that begin with what is typed.
_mainstay_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_mainstay_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

# Prints the path of the list of the running kernel's modules.
_mainstay_module_list() {
    printf '/lib/modules/%s/modules.dep' "$(uname -r)"
}

# Offers its modules, those that begin with what is typed. Not compgen -W, which would execute a name.
_mainstay_modules() {
    local name index
    index=$(_mainstay_module_list)
    [[ -r $index ]] || return
    while read -r name; do
        [[ $name == "${COMP_WORDS[COMP_CWORD]}"* ]] && COMPREPLY+=("$name")
    done < <(sed -n 's|^\([^:]*/\)\{0,1\}\([^/:]*\)\.ko[^:/]*:.*|\2|p' "$index")
}

# What is typed where a command is: its name, or what belongs to it. $1 is the place of its name.
_mainstay_command() {
    if [[ $COMP_CWORD -eq $1 ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    else
        _mainstay_files
    fi
}

# An init of a command, with the options $1 before it, of which those in $2 have an argument.
_mainstay_command_init() {
    local at=1
    while [[ $at -lt $COMP_CWORD ]]; do
        case ${COMP_WORDS[at]} in
        --) at=$((at + 1)) && break ;;
        -*) [[ " $2 " == *" ${COMP_WORDS[at]} "* ]] && at=$((at + 1)) ;;
        *) break ;;
        esac
        at=$((at + 1))
    done
    if [[ $at -gt $COMP_CWORD ]]; then
        return # the argument of an option
    elif [[ $at -eq $COMP_CWORD && ${COMP_WORDS[at]} == -* && ${COMP_WORDS[at - 1]} != -- ]]; then
        _mainstay_words "$1"
    else
        _mainstay_command "$at"
    fi
}

# Whether a word before this one is $1.
_mainstay_has() {
    local word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == "$1" || $word == "$1="* ]] && return
    done
    return 1
}

_mainstay_telinit() {
    local levels="0 1 2 3 4 5 6 7 8 9 S a b c q u"
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    -t | --version | --help) ;;
    -e) _mainstay_words INIT_ && compopt -o nospace 2>/dev/null ;;
    --check) _mainstay_files ;;
    *)
        if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
            _mainstay_words "$1"
        elif [[ $COMP_CWORD -eq 1 ]] || _mainstay_has -t; then
            _mainstay_words "$levels"
        fi
        ;;
    esac
}

_mainstay_init() {
    local own="-e -g -h -p -r -v -w --grace --help --rewrite --services --"
    COMPREPLY=()
    case ${COMP_WORDS[0]##*/} in
    init)
        if _mainstay_has -- || _mainstay_has --services || _mainstay_has --grace; then
            _mainstay_command_init "$own" "-e -p -r --rewrite --grace"
        else
            _mainstay_telinit "-t -e --check --help --version --grace --services --"
        fi
        ;;
    telinit) _mainstay_telinit "-t -e --help" ;;
    poweroff | reboot | halt)
        [[ ${COMP_WORDS[COMP_CWORD]} != -* ]] ||
            _mainstay_words "-B -d -f -h -i -k -n -p -w --force --help --kexec --no-sync --poweroff"
        ;;
    shutdown)
        if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
            _mainstay_words "-a -c -f -F -h -H -k -P -q -Q -r -t --help"
        elif [[ $COMP_CWORD -eq 1 || ${COMP_WORDS[COMP_CWORD - 1]} == -[!ct]* ]]; then
            _mainstay_words now
        fi
        ;;
    runlevel) _mainstay_files ;;
    modprobe)
        if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
            _mainstay_words "-a -b -q"
        elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == -* || $COMP_CWORD -eq 1 ]] || _mainstay_has -a; then
            _mainstay_modules
        fi
        ;;
    tini | docker-init) _mainstay_command_init "-e -g -h -l -p -s -v -w --version" "-e -p" ;;
    dumb-init)
        _mainstay_command_init "-c -h -r -v -V --help --rewrite --single-child --verbose --version" "-r --rewrite"
        ;;
    catatonit) _mainstay_command_init "-g -h -L -P -V --version" "" ;;
    esac
}

complete -F _mainstay_init init telinit poweroff reboot halt shutdown runlevel modprobe \
    tini docker-init dumb-init catatonit
