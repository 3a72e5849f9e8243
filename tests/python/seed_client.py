"""Writes as the earlier Python client did: marker entries first, every field a text, what is None an empty one."""
import json, os, time, uuid
import redis

server = redis.Redis.from_url(os.environ["REDIS_STREAMS_URL"], decode_responses=True)
stream = os.environ["TIDEGATE_NAMESPACE"] + ":identity:events"
dead = os.environ["TIDEGATE_NAMESPACE"] + ":dead_letter:events"

server.xadd(stream, {"event_type": "stream_initialized", "service": "system", "timestamp": str(time.time())}, id="0-1")
server.xadd(dead, {"event_type": "dead_letter_initialized", "service": "system", "timestamp": str(time.time())}, id="0-1")


def publish(event_type, data, priority="normal", user_id=None):
    fields = {
        "id": "", "stream": "identity", "event_type": event_type, "service": "identity-service", "data": json.dumps(data),
        "priority": priority, "timestamp": "1700000000.25", "retry_count": "0", "max_retries": "3",
        "correlation_id": str(uuid.uuid4()), "user_id": user_id or "",
    }
    server.xadd(stream, fields, maxlen=10_000, approximate=True)


publish("user_created", {"name": "Zoë"}, priority="critical", user_id="u1")
publish("user_updated", {"name": "Ann"})
