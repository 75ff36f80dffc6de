"""A real S3-compatible server on loopback, and fresh buckets in it."""

import atexit
import itertools
from functools import cache

import boto3
from moto.server import ThreadedMotoServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIATESTKEYID",
    "AWS_SECRET_ACCESS_KEY": "a secret that must not be told",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_numbers = itertools.count(1)


@cache
def s3_endpoint() -> str:
    """The URL of the server, which this process starts once and stops at its end."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def fresh_bucket() -> str:
    """The URL of a bucket that nobody has used, with a prefix in it."""
    name = f"photos-{next(_numbers)}"
    client = boto3.client(
        "s3",
        endpoint_url=s3_endpoint(),
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
    )
    client.create_bucket(Bucket=name)
    client.close()
    return f"s3://{name}/millbrook/photos"
