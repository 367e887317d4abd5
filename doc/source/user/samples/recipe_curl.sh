# One token for many calls: "source recipe_curl.sh", then "call URL".
# FOLDER is readable by this user only, and has these files:
#   token.curl  how the client authenticates
#   call.curl   options for each call, if any
# ISSUER is the issuer of Keystone.

renew() {
    local answer expires_in
    answer=$(curl --silent --show-error --fail-with-body --retry 2 \
        --config "$FOLDER/token.curl" --data grant_type=client_credentials \
        "$ISSUER/OS-OAUTH2/token") || { echo "$answer" >&2; return 1; }
    # The token goes from here to curl in a file, not on a command line.
    (
        umask 077
        jq -r '"X-Auth-Token: \(.access_token)",
            "Authorization: Bearer \(.access_token)"' <<< "$answer" > "$FOLDER/headers.new"
    )
    # The time of the file is when to renew the token.
    expires_in=$(jq .expires_in <<< "$answer")
    touch -d "@$(($(date +%s) + expires_in - 60))" "$FOLDER/headers.new"
    mv "$FOLDER/headers.new" "$FOLDER/headers"
}

call() {
    if [ "$(stat -c %Y "$FOLDER/headers" 2> /dev/null || echo 0)" -le "$(date +%s)" ]; then
        renew || return
    fi
    curl --silent --show-error --fail-with-body \
        --config "$FOLDER/call.curl" --header "@$FOLDER/headers" "$@"
}
