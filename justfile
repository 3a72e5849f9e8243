# The earlier systems' recipes for logs and the system, on the CLI: `npx just --list`. All of them are one line; `npx tidegate --help` has more.
# A last argument is the admin token; without one ADMIN_TOKEN counts, then the file admin-token of the running instance.

set quiet

tidegate := "node " + quote(justfile_directory() / "packages/platform/bin/tidegate.js")
data := env("TIDEGATE_DATA", justfile_directory() / ".tidegate")
token := env("ADMIN_TOKEN", "")

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
