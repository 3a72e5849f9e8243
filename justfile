# The earlier systems' recipes for logs and the system, on the CLI: `npx just --list`. All of them are one line; `npx tidegate --help` has more.
# A last argument is the token; without one TIDEGATE_TOKEN or ADMIN_TOKEN counts, then the file admin-token of the running instance.

set quiet

tidegate := "node " + quote(justfile_directory() / "packages/platform/bin/tidegate.js")
data := env("TIDEGATE_DATA", justfile_directory() / ".tidegate")
token := env("TIDEGATE_TOKEN", env("ADMIN_TOKEN", ""))

# What stands as the last argument counts, whatever the environment says.
export TIDEGATE_TOKEN := ""

# What there is
help:
    npx just --list --unsorted

# Install what is missing and run Tidegate with its demo; Ctrl-C stops it
[positional-arguments]
up *args:
    npm start -- "$@"

# Is it healthy? Exit code 7 if not
health $ADMIN_TOKEN=token:
    {{ tidegate }} status

# Every component, Redis and the console's address
status $ADMIN_TOKEN=token:
    {{ tidegate }} status

# Look for what is wrong with this machine, Redis and the running instance
doctor:
    {{ tidegate }} doctor

# Every test, or those whose path contains one of the words
[positional-arguments]
test *words:
    npm test -- "$@"

# A Redis command on the instance's server, e.g. `npx just redis-cli XLEN logs:all:stream`; without one a prompt
[positional-arguments]
redis-cli *command:
    REDISCLI_AUTH="$(cat {{ quote(data / "redis-password") }})" redis-cli -u "$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).redisUrl' {{ quote(data / "instance.json") }})" "$@"

# Log entries and events of the last hours, filtered by what is given
logs $hours="24" $event="" $level="" $host="" $limit="50" $ADMIN_TOKEN=token:
    {{ tidegate }} log search --hours "$hours" --limit "$limit" ${event:+--event "$event"} ${level:+--level "$level"} ${host:+--host "$host"}

# Entries of one address
logs-ip $ip $hours="24" $limit="50" $ADMIN_TOKEN=token:
    {{ tidegate }} log ip "$ip" --hours "$hours" --limit "$limit"

# Entries of one host name
logs-host $host $hours="24" $limit="50" $ADMIN_TOKEN=token:
    {{ tidegate }} log host "$host" --hours "$hours" --limit "$limit"

# Entries of one client: an API token or OAuth client
logs-client $client $hours="24" $limit="50" $ADMIN_TOKEN=token:
    {{ tidegate }} log client "$client" --hours "$hours" --limit "$limit"

# Entries of one trace
logs-trace $trace $ADMIN_TOKEN=token:
    {{ tidegate }} log search --trace "$trace" --hours 168 --limit 1000

# Errors, and answers from 500
logs-errors $hours="1" $limit="50" $ADMIN_TOKEN=token:
    {{ tidegate }} log errors --hours "$hours" --limit "$limit"

# Errors and warnings, and answers from 400
logs-errors-debug $hours="1" $limit="50" $ADMIN_TOKEN=token:
    {{ tidegate }} log errors --warnings --hours "$hours" --limit "$limit"

# Entries that contain a text
logs-search $text $hours="24" $limit="50" $ADMIN_TOKEN=token:
    {{ tidegate }} log search --hours "$hours" --limit "$limit" --text "$text"

# New entries as they come; Ctrl-C ends it
logs-follow $event="" $level="" $host="" $ADMIN_TOKEN=token:
    {{ tidegate }} log follow ${event:+--event "$event"} ${level:+--level "$level"} ${host:+--host "$host"}

# Requests, errors, response times, visitors and paths of the last hours
logs-stats $hours="24" $ADMIN_TOKEN=token:
    {{ tidegate }} log stats --hours "$hours"

# What is logged: a component's least level, or `default`; without arguments the levels in force
logs-level $component="" $level="" $ADMIN_TOKEN=token:
    {{ tidegate }} log level ${component:+"$component"} ${level:+"$level"}

# Make a service: `npx just service-create hello nginx:alpine "" 80`; with a Dockerfile instead of an image: `npx just service-create hello "" ./Dockerfile 80`; the last argument: a host name to serve from it, or true for hello.localhost
service-create $name $image="" $dockerfile="" $port="" $memory="512m" $cpu="1" $auto_proxy="false" $ADMIN_TOKEN=token:
    {{ tidegate }} service create "$name" ${image:+--image "$image"} ${dockerfile:+--dockerfile "$dockerfile"} ${port:+--port "$port"} --memory "$memory" --cpus "$cpu" $(case "$auto_proxy" in false|"") ;; true) echo --host "$name.localhost" ;; *) echo --host "$auto_proxy" ;; esac)

# Make a service whose port others on the network reach, at exactly this port of the machine
service-create-exposed $name $image $port $bind="0.0.0.0" $memory="512m" $cpu="1" $ADMIN_TOKEN=token:
    {{ tidegate }} service create "$name" --image "$image" --port "$port" --host-port "$port" --bind "$bind" --memory "$memory" --cpus "$cpu"

# All services; `true`: only what this token created
service-list $owned_only="false" $ADMIN_TOKEN=token:
    {{ tidegate }} service ls $(test "$owned_only" = true && echo --mine)

# Containers and external services in one list: docker, external or all
service-list-all $type="all" $ADMIN_TOKEN=token:
    {{ tidegate }} service all --type "$type"

# One service
service-show $name $ADMIN_TOKEN=token:
    {{ tidegate }} service show "$name"

# Remove a service; `true` also while it runs; a third argument `true`: the host names that lead to it as well
service-delete $name $force="false" $delete_proxy="false" $ADMIN_TOKEN=token:
    {{ tidegate }} service delete "$name" --yes $(test "$force" = true && echo --force) $(test "$delete_proxy" = true && echo --delete-proxy)

# Start a stopped service
service-start $name $ADMIN_TOKEN=token:
    {{ tidegate }} service start "$name"

# Stop a service
service-stop $name $ADMIN_TOKEN=token:
    {{ tidegate }} service stop "$name"

# The same again in a new container
service-restart $name $ADMIN_TOKEN=token:
    {{ tidegate }} service restart "$name"

# Last lines of a service; a third argument `true` shows their times
service-logs $name $lines="100" $timestamps="false" $ADMIN_TOKEN=token:
    {{ tidegate }} service logs "$name" --lines "$lines" $(test "$timestamps" = true && echo --timestamps)

# What a service uses at the moment
service-stats $name $ADMIN_TOKEN=token:
    {{ tidegate }} service stats "$name"

# Say what is left over of services that are gone
service-cleanup $ADMIN_TOKEN=token:
    {{ tidegate }} service cleanup --dry-run

# Remove what is left over of services that are gone
service-cleanup-orphaned $ADMIN_TOKEN=token:
    {{ tidegate }} service cleanup

# Add a port to a service; with a source token whoever connects must show it first
service-port-add $name $port $bind="127.0.0.1" $source_token="" $ADMIN_TOKEN=token:
    TIDEGATE_PORT_TOKEN="$source_token" {{ tidegate }} service port-add "$name" "port-$port" --host-port "$port" --bind "$bind" ${source_token:+--token}

# Remove a port of a service by its name
service-port-remove $name $port_name $ADMIN_TOKEN=token:
    {{ tidegate }} service port-remove "$name" "$port_name"

# Ports of a service
service-port-list $name $ADMIN_TOKEN=token:
    {{ tidegate }} service ports "$name"

# Is a port of this machine free, and who has it if not?
service-port-check $port $bind="127.0.0.1" $ADMIN_TOKEN=token:
    {{ tidegate }} port check "$port" --bind "$bind"

# Every port that is held; `true`: what is still free
service-ports-global $available_only="false" $ADMIN_TOKEN=token:
    {{ tidegate }} port $(test "$available_only" = true && echo available || echo ls)

# Have a CA issue a certificate: `npx just cert-create app app.example.org true admin@example.org`; `true`: from the staging server first
cert-create $name $domain $staging="false" $email="" $ADMIN_TOKEN=token:
    {{ tidegate }} cert create "$domain" ${name:+--name "$name"} $(test "$staging" = true && echo --staging) ${email:+--email "$email"}

# One certificate for several domains, with commas between them
cert-multi $name $domains $staging="false" $email="" $ADMIN_TOKEN=token:
    {{ tidegate }} cert create $(echo "$domains" | tr , ' ') --name "$name" $(test "$staging" = true && echo --staging) ${email:+--email "$email"}

# All certificates
cert-list $ADMIN_TOKEN=token:
    {{ tidegate }} cert ls

# One of them; `true`: only its chain, as PEM
cert-show $name $pem="false" $ADMIN_TOKEN=token:
    {{ tidegate }} cert show "$name" $(test "$pem" = true && echo --pem)

# How far it is; `true`: wait until nothing is under way
cert-status $name $wait="false" $ADMIN_TOKEN=token:
    {{ tidegate }} cert status "$name" $(test "$wait" = true && echo --wait)

# When and why it is renewed, the last problem, what the CA's limits leave
cert-explain $name $ADMIN_TOKEN=token:
    {{ tidegate }} cert explain "$name"

# Renew it, if it is due; `true` as the second argument: also before
cert-renew $name $force="false" $wait="true" $ADMIN_TOKEN=token:
    {{ tidegate }} cert renew "$name" $(test "$force" = true && echo --force) $(test "$wait" = false && echo --no-wait)

# From the CA's staging server to production
cert-convert-to-production $name $wait="true" $ADMIN_TOKEN=token:
    {{ tidegate }} cert convert "$name" $(test "$wait" = false && echo --no-wait)

# Remove a certificate; hosts fall back to whichever fits
cert-delete $name $force="false" $ADMIN_TOKEN=token:
    {{ tidegate }} cert delete "$name" $(test "$force" = true && echo --yes)

# Serve a host name: `npx just proxy-create app.localhost http://127.0.0.1:3000`; then staging, preserve host, HTTP, HTTPS and e-mail. With staging or an e-mail address a CA is asked for its certificate
proxy-create $host $url $staging="" $preserve_host="true" $enable_http="true" $enable_https="" $email="" $ADMIN_TOKEN=token:
    {{ tidegate }} proxy create "$host" "$url" $(test "$preserve_host" = false && echo --host-header upstream) $(test "$enable_http" = false && echo --http off) $(test "$enable_https" = true && echo --https) $(test "$enable_https" = false && echo --no-https) $(test "$staging" = true && echo --staging) ${email:+--email "$email"}

# All host names that are served
proxy-list $ADMIN_TOKEN=token:
    {{ tidegate }} proxy ls

# One of them
proxy-show $host $ADMIN_TOKEN=token:
    {{ tidegate }} proxy show "$host"

# Serve a host name no longer; `true` as the second argument: its certificate goes too, unless others are shown with it; as the third: also while routes name it
proxy-delete $host $delete_cert="false" $force="false" $ADMIN_TOKEN=token:
    {{ tidegate }} proxy delete "$host" --yes $(test "$delete_cert" = true && echo --certificate) $(test "$force" = true && echo --force)

# Ask for API tokens, or ask another service who may pass (its URL); mode: forward, redirect (to that URL) or passthrough (open while it is down)
proxy-auth-enable $host $auth_proxy="" $mode="forward" $scopes="" $ADMIN_TOKEN=token:
    {{ tidegate }} proxy access "$host" ${auth_proxy:+--forward "$auth_proxy"} $(test -z "$auth_proxy" && echo --tokens) $(test "$mode" = passthrough && echo --open-when-down) $(test "$mode" = redirect && echo --login-url "$auth_proxy") $(for scope in $(echo "$scopes" | tr , ' '); do echo --token-scope "$scope"; done)

# Everybody may pass
proxy-auth-disable $host $ADMIN_TOKEN=token:
    {{ tidegate }} proxy access "$host" --off

# Who of them may pass: users, e-mail addresses, groups and scopes, each with commas
proxy-auth-config $host $users="" $emails="" $groups="" $scopes="" $ADMIN_TOKEN=token:
    {{ tidegate }} proxy access "$host" $(for one in $(echo "$users" | tr , ' '); do echo --require-user "$one"; done) $(for one in $(echo "$emails" | tr , ' '); do echo --require-email "$one"; done) $(for one in $(echo "$groups" | tr , ' '); do echo --require-group "$one"; done) $(for one in $(echo "$scopes" | tr , ' '); do echo --token-scope "$one"; done)

# Who may pass
proxy-auth-show $host $ADMIN_TOKEN=token:
    {{ tidegate }} proxy access "$host"

# Send a path elsewhere, for every host: `npx just route-create /api service api 100 GET,POST "the API"`. Types: port, service, hostname, url, redirect
route-create $path $type $value $priority="50" $methods="*" $description="" $ADMIN_TOKEN=token:
    {{ tidegate }} route create "$path" "$type:$value" --priority "$priority" --method "$methods" ${description:+--description "$description"}

# The same; with `true` as the sixth argument the path is a regular expression
route-create-global $path $type $value $priority="50" $methods="*" $is_regex="false" $description="" $ADMIN_TOKEN=token:
    {{ tidegate }} route create "$path" "$type:$value" --priority "$priority" --method "$methods" $(test "$is_regex" = true && echo --regex) ${description:+--description "$description"}

# Send a path elsewhere, for these hosts (with commas) alone
route-create-proxy $path $type $value $proxies $priority="500" $methods="*" $description="" $ADMIN_TOKEN=token:
    {{ tidegate }} route create "$path" "$type:$value" --host "$proxies" --priority "$priority" --method "$methods" ${description:+--description "$description"}

# All routes
route-list $ADMIN_TOKEN=token:
    {{ tidegate }} route ls

# Only those for all hosts (global), or for some (proxy)
route-list-by-scope $scope="all" $ADMIN_TOKEN=token:
    {{ tidegate }} route ls $(test "$scope" != all && echo --scope "$scope")

# One route
route-show $id $ADMIN_TOKEN=token:
    {{ tidegate }} route show "$id"

# Remove a route
route-delete $id $ADMIN_TOKEN=token:
    {{ tidegate }} route delete "$id" --yes

# Serve a host name from a service
service-proxy-create $name $host $enable_https="" $ADMIN_TOKEN=token:
    {{ tidegate }} proxy create "$host" "service:$name" $(test "$enable_https" = true && echo --https) $(test "$enable_https" = false && echo --no-https)

# Give a service elsewhere a name
service-register $name $url $description="" $ADMIN_TOKEN=token:
    {{ tidegate }} service register "$name" "$url" ${description:+--description "$description"}

# Forget a service elsewhere
service-unregister $name $ADMIN_TOKEN=token:
    {{ tidegate }} service unregister "$name"

# All services elsewhere
service-list-external $ADMIN_TOKEN=token:
    {{ tidegate }} service external ls

# One service elsewhere
service-show-external $name $ADMIN_TOKEN=token:
    {{ tidegate }} service external show "$name"

# Change the URL, or the description, of a service elsewhere
service-update-external $name $url="" $description="" $ADMIN_TOKEN=token:
    {{ tidegate }} service external set "$name" ${url:+--target "$url"} ${description:+--description "$description"}

# An application from an image, in one word
create-app $name $image $port="8080" $ADMIN_TOKEN=token:
    {{ tidegate }} service create "$name" --image "$image" --port "$port"

# The admin token of this instance
token-admin:
    {{ tidegate }} token admin

# Make an API token; its secret is shown once. It may run services, ports, certificates and proxies of its own
token-generate $name $email="" $ADMIN_TOKEN=token:
    {{ tidegate }} token create "$name" ${email:+--email "$email"}

# All API tokens
token-list $ADMIN_TOKEN=token:
    {{ tidegate }} token ls

# One API token; without a name the one in use
token-show $name="" $ADMIN_TOKEN=token:
    {{ tidegate }} token show ${name:+"$name"}

# Revoke an API token; with `true` its services and ports go with it, else they pass to the admin
token-delete $name $cascade="false" $ADMIN_TOKEN=token:
    {{ tidegate }} token revoke "$name" --yes $(test "$cascade" = true && echo --cascade)

# Change the e-mail address of a token; without a name that of the token in use
token-email $email $name="" $ADMIN_TOKEN=token:
    {{ tidegate }} token email "$email" ${name:+"$name"}

# A new secret for a token; the old one is refused at once, or after e.g. 10m
token-rotate $name $grace="" $ADMIN_TOKEN=token:
    {{ tidegate }} token rotate "$name" ${grace:+--grace "$grace"}
