"""The job of `receive` for OfficeRnD, in Python and with AWS's own SDK, to measure Doorstep beside it:
verify the exact bytes, parse, enqueue, count. It asks Lambda's runtime interface itself, over one
connection, without a framework.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import time
import traceback
from datetime import datetime, timezone

import boto3

STACK = os.environ["DOORSTEP_STACK"]
TABLE = os.environ["DOORSTEP_TABLE"]
QUEUE = os.environ["DOORSTEP_TRIGGER_QUEUE_URL"]
FRESH_SECONDS = 300
MINUTE = 60
MOST_WRITES = 10
KEPT_SECONDS = 8 * 24 * 3600
KINDS = {"booking": "booking", "member": "member", "company": "team", "membership": "membership", "pass": "pass"}

session = boto3.session.Session()
dynamodb, sqs, ssm = (session.client(name) for name in ("dynamodb", "sqs", "ssm"))


def cached(read):
    """One value by its name, read at most once a minute."""
    known = {}

    def get(name, now):
        old = known.get(name)
        if old and now - old[0] < MINUTE:
            return old[1]
        value = read(name)
        known[name] = (now, value)
        return value

    return get


@cached
def route(site):
    key = {"pk": {"S": "sites"}, "sk": {"S": site}}
    found = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item")
    return found and json.loads(found["body"]["S"])


@cached
def secrets(name):
    found = ssm.get_parameter(Name=f"/{STACK}/{name}/webhook", WithDecryption=True)
    return [key.encode() for key in json.loads(found["Parameter"]["Value"])["webhook_secrets"]]


def signed_parts(header):
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    return parts.get("t", ""), parts.get("signature", "")


def verified(keys, body, t, signature, now):
    if not (t.isascii() and t.isdigit() and len(t) <= 12) or abs(int(now) - int(t)) > FRESH_SECONDS:
        return False
    signed = b"%b.%b" % (body, t.encode())
    return any(hmac.compare_digest(hmac.digest(key, signed, "sha256").hex(), signature) for key in keys)


def hint(body):
    envelope = json.loads(body)
    words = (envelope.get("event") or envelope["eventType"]).split(".")
    kind = KINDS.get(words[0])
    if kind is None or len(words) != 2:
        return None
    thing = envelope["data"]["object"]
    about = {"kind": kind, "id": thing["_id"]}
    return {"about": about, "reaches": thing.get("modifiedAt"), "removed": words[1] == "removed"}


def instant(now):
    return datetime.fromtimestamp(now, timezone.utc).isoformat().replace("+00:00", "Z")


class Tally:
    """What is not counted yet for one address, and when it was last written."""

    def __init__(self):
        self.writes, self.unwritten = [], 0

    def count(self, site, now):
        self.unwritten += 1
        self.writes = [at for at in self.writes if now - at < MINUTE]
        if len(self.writes) >= MOST_WRITES:
            return
        self.writes.append(now)
        at, written, self.unwritten = instant(now), self.unwritten, 0
        expires = int(now) // 3600 * 3600 + KEPT_SECONDS
        dynamodb.update_item(
            TableName=TABLE,
            Key={"pk": {"S": f"{site}#delivery"}, "sk": {"S": f"{at[:13]}#platform"}},
            UpdateExpression="ADD verified :verified SET expires = :expires, last_verified = :last_verified",
            ExpressionAttributeValues={
                ":verified": {"N": str(written)},
                ":expires": {"N": str(expires)},
                ":last_verified": {"S": at},
            },
        )


tallies = {}


def enqueue(site, about, dedup_id, now):
    message = {"site": site, "trigger": {"hints": [about]}, "delivery": dedup_id, "at": instant(now)}
    sqs.send_message(
        QueueUrl=QUEUE, MessageBody=json.dumps(message), MessageGroupId=site, MessageDeduplicationId=dedup_id
    )


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": body}


def receive(event):
    now = time.time()
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    path = event["rawPath"]
    parts = path.split("/")
    site = route(parts[2], now) if len(parts) == 4 and parts[1] == "hooks" else None
    if not site or site["platform"] != parts[3]:
        return answer(404, '{"error":"no such address"}')
    t, signature = signed_parts(event["headers"].get("officernd-signature", ""))
    if not verified(secrets(site["secret"], now), body, t, signature, now):
        return answer(401, '{"error":"unproven"}')
    dedup_id = hashlib.sha256(b"\0".join((path.encode(), body, t.encode()))).hexdigest()
    about = hint(body)
    if about:
        enqueue(site["site"], about, dedup_id, now)
    tallies.setdefault(site["site"], Tally()).count(site["site"], now)
    return answer(202, '{"accepted":true}')


runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def ask(method, path, body=None):
    runtime.request(method, f"/2018-06-01/runtime/{path}", body)
    response = runtime.getresponse()
    return response.headers, response.read()


while True:
    headers, event = ask("GET", "invocation/next")
    invocation = headers["lambda-runtime-aws-request-id"]
    try:
        ask("POST", f"invocation/{invocation}/response", json.dumps(receive(json.loads(event))))
    except Exception as error:  # Lambda reports every failure of a handler
        traceback.print_exc()
        report = {"errorType": type(error).__name__, "errorMessage": str(error)}
        ask("POST", f"invocation/{invocation}/error", json.dumps(report))
