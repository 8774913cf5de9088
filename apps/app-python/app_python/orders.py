"""Orders in DynamoDB and on SQS.

The emulator keeps its state in memory: after it restarts, queue and table are gone. So "does not exist" is an ordinary
answer here: make what is missing, try once more.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")

MISSING = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
}
# What a caller may catch to say "the cloud side is away".
AwsError = (BotoCoreError, ClientError)


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _is_missing(error: ClientError) -> bool:
    return _code(error) in MISSING or "NonExistentQueue" in _code(error)


class OrderMissingError(Exception):
    """A message names an order the table does not have."""


class Orders:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # Short timeouts: a caller gets a 503 in seconds instead of waiting for a cloud that is not there. The read timeout
        # is longer than the long poll of the worker.
        config = Config(
            region_name=settings.region,
            connect_timeout=2,
            read_timeout=settings.wait_seconds + 5,
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=16,
        )
        session = boto3.session.Session()
        self.sqs = session.client("sqs", config=config)
        self.dynamodb = session.client("dynamodb", config=config)
        self._ensuring = threading.Lock()
        self._urls: dict[str, str] = {}
        self.ensured = False

    # -- what must exist

    def ensure(self) -> None:
        """Finds queue, dead letter queue and table, or makes them. Any number of replicas may do this at once."""
        with self._ensuring:
            settings = self.settings
            if settings.ensure_resources:
                dead = self._queue(settings.dead_letter_queue, {"MessageRetentionPeriod": "86400"})
                arn = self.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
                redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": settings.max_receive_count}
                live = self._queue(
                    settings.queue,
                    {"VisibilityTimeout": str(settings.visibility_timeout), "RedrivePolicy": json.dumps(redrive)},
                )
                self._table()
            else:
                dead = self.sqs.get_queue_url(QueueName=settings.dead_letter_queue)["QueueUrl"]
                live = self.sqs.get_queue_url(QueueName=settings.queue)["QueueUrl"]
                self.dynamodb.describe_table(TableName=settings.table)
            self._urls = {settings.queue: live, settings.dead_letter_queue: dead}
            self.ensured = True

    def _queue(self, name: str, attributes: dict[str, str]) -> str:
        try:
            return self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            if not _is_missing(error):
                raise
        try:
            url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        except ClientError as error:
            # Another replica was quicker, or it exists with other attributes: both are fine, it is there.
            if "QueueNameExists" not in _code(error) and "QueueAlreadyExists" not in _code(error):
                raise
            return self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        log.info("made a queue", extra={"queue": name})
        return url

    def _table(self) -> None:
        name = self.settings.table
        try:
            self.dynamodb.create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
            log.info("made a table", extra={"table": name})
        except ClientError as error:
            if _code(error) != "ResourceInUseException":  # it exists
                raise
        self.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})

    def _call(self, action: Callable[[], T]) -> T:
        if not self.ensured:
            self.ensure()
        try:
            return action()
        except ClientError as error:
            if not _is_missing(error):
                raise
            log.warning("queue or table is missing, making it", extra={"code": _code(error)})
            self.ensure()
            return action()

    def url(self, queue: str) -> str:
        return self._urls[queue]

    # -- orders

    def put(self, order: dict[str, Any]) -> None:
        item = {k: {"N": str(v)} if isinstance(v, (int, float)) else {"S": v} for k, v in order.items()}
        self._call(lambda: self.dynamodb.put_item(TableName=self.settings.table, Item=item))

    def get(self, order_id: str) -> dict[str, Any] | None:
        # A consistent read: who posts an order and asks for it at once must find it.
        answer = self._call(
            lambda: self.dynamodb.get_item(TableName=self.settings.table, Key={"id": {"S": order_id}}, ConsistentRead=True)
        )
        item = answer.get("Item")
        if item is None:
            return None
        return {k: v["S"] if "S" in v else (float(v["N"]) if "." in v["N"] else int(v["N"])) for k, v in item.items()}

    def set_state(self, order_id: str, state: str, **extra: str) -> bool:
        """False when the order had that state already: SQS may deliver a message twice, the work counts once."""
        names = {"#state": "state", **{f"#{k}": k for k in extra}}
        values = {":state": {"S": state}, **{f":{k}": {"S": v} for k, v in extra.items()}}
        changes = ", ".join(["#state = :state", *(f"#{k} = :{k}" for k in extra)])
        try:
            self._call(
                lambda: self.dynamodb.update_item(
                    TableName=self.settings.table,
                    Key={"id": {"S": order_id}},
                    UpdateExpression=f"SET {changes}",
                    ConditionExpression="attribute_exists(id) AND #state <> :state",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                )
            )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            if self.get(order_id) is None:
                raise OrderMissingError(order_id) from None
            return False
        return True

    # -- messages

    def send(self, body: str, attributes: dict[str, str]) -> str:
        typed = {k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()}
        answer = self._call(
            lambda: self.sqs.send_message(QueueUrl=self.url(self.settings.queue), MessageBody=body, MessageAttributes=typed)
        )
        return answer["MessageId"]

    def receive(self) -> list[dict[str, Any]]:
        answer = self._call(
            lambda: self.sqs.receive_message(
                QueueUrl=self.url(self.settings.queue),
                MaxNumberOfMessages=10,
                WaitTimeSeconds=self.settings.wait_seconds,
                # Nothing is sent unless asked for: without this line the trace would end at the queue.
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
        )
        return answer.get("Messages", [])

    def delete(self, receipt: str) -> None:
        self.sqs.delete_message(QueueUrl=self.url(self.settings.queue), ReceiptHandle=receipt)

    def depths(self) -> dict[tuple[str, str], int]:
        """Messages by queue and state, for the gauge."""
        wanted = {"ApproximateNumberOfMessages": "visible", "ApproximateNumberOfMessagesNotVisible": "in_flight"}
        found = {}
        for queue in (self.settings.queue, self.settings.dead_letter_queue):
            answer = self._call(
                lambda queue=queue: self.sqs.get_queue_attributes(QueueUrl=self.url(queue), AttributeNames=list(wanted))
            )
            for attribute, state in wanted.items():
                found[queue, state] = int(answer["Attributes"].get(attribute, 0))
        return found
