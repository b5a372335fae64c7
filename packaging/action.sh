#!/usr/bin/env bash
# What the GitHub Action runs; its inputs come in the environment (see action.yaml).
set -euo pipefail

# Words are what is meant: several paths, a command with flags.
read -ra command <<< "${COMMAND:-lint}"
read -ra paths <<< "${INPUT_PATH:-.}"

run() {
    local code=0
    "$@" || code=$?
    echo "exit-code=$code" >> "${GITHUB_OUTPUT:-/dev/null}"
    return "$code"
}

case "${command[0]}" in
lint)
    outputs=(-o github)
    [ -z "${SARIF:-}" ] || outputs+=(-o "sarif=$SARIF")
    run meshc "${command[@]}" "${paths[@]}" "${outputs[@]}" --fail-on "${FAIL_ON:-error}"
    ;;
diff)
    if [ -n "${BASE:-}" ]; then
        sides=("origin/$BASE...HEAD" "${paths[@]}")
    else
        sides=("${paths[@]}")
    fi
    report="${RUNNER_TEMP:-/tmp}/meshc-diff.md"
    code=0
    run meshc "${command[@]}" "${sides[@]}" -o markdown > "$report" || code=$?
    # 1 says that something changes, which is no failure.
    [ "$code" -le 1 ] || exit "$code"
    cat "$report" >> "${GITHUB_STEP_SUMMARY:-/dev/stdout}"
    if [ "${COMMENT:-false}" = true ] && [ -n "${NUMBER:-}" ]; then
        gh pr comment "$NUMBER" --body-file "$report" --edit-last --create-if-none
    fi
    ;;
*)
    run meshc "${command[@]}" "${paths[@]}"
    ;;
esac
