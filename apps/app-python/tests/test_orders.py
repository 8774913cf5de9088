from __future__ import annotations

import dataclasses
import json

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from app_python.orders import OrderMissingError, Orders


def test_ensure_is_idempotent_and_wires_the_dead_letter_queue(orders, settings):
    orders.ensure()
    Orders(settings).ensure()
    attributes = orders.sqs.get_queue_attributes(QueueUrl=orders.url("orders"), AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(":orders-dlq")
    assert int(redrive["maxReceiveCount"]) == 3


def test_it_makes_what_an_emulator_forgot(orders):
    orders.put({"id": "a", "state": "accepted"})
    # The emulator restarts: all it had is gone.
    orders.dynamodb.delete_table(TableName="orders")
    for queue in ("orders", "orders-dlq"):
        orders.sqs.delete_queue(QueueUrl=orders.url(queue))
    assert orders.get("a") is None
    orders.put({"id": "b", "state": "accepted"})
    assert orders.get("b")["state"] == "accepted"
    orders.dynamodb.delete_table(TableName="orders")
    orders.sqs.delete_queue(QueueUrl=orders.url("orders"))
    orders.send("{}", {})
    assert orders.depths()["orders", "visible"] == 1


def test_in_a_real_account_it_makes_nothing(settings):
    with mock_aws():
        orders = Orders(dataclasses.replace(settings, ensure_resources=False))
        with pytest.raises(ClientError):
            orders.ensure()
        assert not orders.ensured
        assert orders.sqs.list_queues().get("QueueUrls", []) == []


def test_numbers_come_back_as_numbers(orders):
    orders.put({"id": "a", "quantity": 3, "price": 1.5})
    assert orders.get("a") == {"id": "a", "quantity": 3, "price": 1.5}


def test_a_state_is_set_once(orders):
    orders.put({"id": "a", "state": "accepted"})
    assert orders.set_state("a", "processed", processed_at="now") is True
    assert orders.set_state("a", "processed") is False
    assert orders.get("a")["processed_at"] == "now"
    with pytest.raises(OrderMissingError):
        orders.set_state("ghost", "processed")
