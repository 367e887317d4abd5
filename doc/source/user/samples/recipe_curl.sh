# One token for many calls: "source recipe_curl.sh", then "call URL".
# FOLDER is readable by this user only, and has these files:
#   token.curl  how the client authenticates
#   call.curl   options for each call, or nothing
# ISSUER is the issuer of Keystone.

# Get a token, and keep it in a file: on a command line, other users of the
# host could see it.
renew() (
    umask 077
    new=$(mktemp -d "$FOLDER/new.XXXXXX") || exit
    trap 'rm -r "$new"' EXIT
    curl --silent --show-error --fail-with-body --max-time 30 --retry 2 \
        --config "$FOLDER/token.curl" --data grant_type=client_credentials \
        --output "$new/answer" "$ISSUER/OS-OAUTH2/token" || {
        cat "$new/answer" >&2
        exit 1
    }
    jq -r '"X-Auth-Token: \(.access_token)", "Authorization: Bearer \(.access_token)"' \
        "$new/answer" > "$new/headers"
    # The time of the file is when the token must be renewed.
    touch -d "@$(($(date +%s) + $(jq .expires_in "$new/answer") - 60))" "$new/headers"
    mv "$new/headers" "$FOLDER/headers"
)

# Call a service, with the options of curl.
call() {
    local renew_at
    renew_at=$(stat -c %Y "$FOLDER/headers" 2> /dev/null || echo 0)
    if [ "$renew_at" -le "$(date +%s)" ]; then
        renew || return
    fi
    curl --silent --show-error --fail-with-body \
        --config "$FOLDER/call.curl" --header "@$FOLDER/headers" "$@"
}
