"""Takes one message of a group it shares with others, waits for a line, and acknowledges it then, however late that is."""
import json, os, sys
import redis

server = redis.Redis.from_url(os.environ["REDIS_STREAMS_URL"], decode_responses=True)
stream, group = os.environ["STREAM"], os.environ["GROUP"]
entry, fields = server.xreadgroup(group, "python", {stream: ">"}, count=1, block=10_000)[0][1][0]
print(json.dumps(fields), flush=True)
sys.stdin.readline()
print(json.dumps({"acknowledged": server.xack(stream, group, entry)}), flush=True)
