"""Posts deliveries that the vendors' own libraries signed.

    deliver.py ADDRESS COUNT SPOILED

Half of COUNT are signed by svix, half by standardwebhooks. Each must be answered 202, and each of
SPOILED others 401.
"""

import base64
import datetime
import json
import sys
import urllib.error
import urllib.request

import standardwebhooks
import svix.webhooks

SECRET = "whsec_" + base64.b64encode(b"sandbox-webhook-secret-32-bytes!").decode()


def post(address, headers, body):
    headers = {"content-type": "application/json", **headers}
    request = urllib.request.Request(address, data=body.encode(), headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def signed(library, family, message, body):
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    signature = library.sign(message, now, body)
    return {
        f"{family}-id": message,
        f"{family}-timestamp": str(int(now.timestamp())),
        f"{family}-signature": signature,
    }


def spoil(number, headers, family):
    """Returns the headers and the body with one thing wrong, another one for each number."""
    wrong = dict(headers)
    kind = number % 6
    if kind == 0:
        wrong[f"{family}-id"] += "x"
    elif kind == 1:
        wrong[f"{family}-timestamp"] = str(int(wrong[f"{family}-timestamp"]) - 301)
    elif kind == 2:
        wrong[f"{family}-signature"] = "v1," + base64.b64encode(bytes(32)).decode()
    elif kind == 3:
        del wrong[f"{family}-signature"]
    elif kind == 4:
        other = "webhook" if family == "svix" else "svix"
        wrong[f"{other}-id"] = wrong[f"{family}-id"]
    else:
        wrong[f"{family}-signature"] = wrong[f"{family}-signature"].replace("v1,", "v1a,")
    return wrong


def main(address, count, spoiled):
    libraries = [
        ("svix", svix.webhooks.Webhook(SECRET)),
        ("webhook", standardwebhooks.Webhook(SECRET)),
    ]
    failed = 0
    for number in range(int(count) + int(spoiled)):
        family, library = libraries[number % 2]
        body = json.dumps({"type": "booking.created", "booking": {"id": f"b-{number}", "title": "é ✓"}})
        headers = signed(library, family, f"msg_py_{number}", body)
        wanted = 202
        if number >= int(count):
            headers, wanted = spoil(number, headers, family), 401
        status = post(address, headers, body)
        if status != wanted:
            failed += 1
            print(f"delivery {number} by {family}: {status} instead of {wanted}")
    print(f"python: {count} deliveries and {spoiled} spoiled ones, {failed} wrong answers")
    sys.exit(bool(failed))


main(*sys.argv[1:])
