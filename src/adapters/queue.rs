//! Queues of the AWS emulator: SQS over plain HTTP with credentials that mean nothing. Never a real account: for that there is another adapter.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use aws_sdk_sqs::types::QueueAttributeName;
use std::collections::BTreeMap;
use std::time::Duration;

/// The emulator at some address.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message above each says what its fields are")]
pub enum QueueError {
    /// The emulator said no.
    #[error("{doing}: {code}{}", if .message.is_empty() { String::new() } else { format!(" ({})", .message) })]
    Refused { doing: &'static str, code: String, message: String },
    /// It did not answer, or not as SQS does.
    #[error("{doing}: {cause}")]
    Unreachable { doing: &'static str, cause: String },
}

/// A message as received: it stays invisible for others until it is deleted or released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What was sent.
    pub body: String,
    /// What deletes or releases it.
    pub receipt: String,
}

impl Queues {
    /// The emulator at `base` (`http://127.0.0.1:5000`).
    pub fn new(base: &str, region: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(Duration::from_secs(10))
            .operation_timeout(Duration::from_secs(10))
            .build();
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(base)
            .region(Region::new(region.to_owned()))
            .credentials_provider(Credentials::new("test", "test", None, None, "emulator"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            // whoever asks has a deadline and tries again by itself
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// The address of a queue; `None` when there is no such queue.
    pub async fn find(&self, name: &str) -> Result<Option<String>, QueueError> {
        match self.client.get_queue_url().queue_name(name).send().await {
            Ok(found) => Ok(found.queue_url),
            Err(error) if error.as_service_error().is_some_and(GetQueueUrlError::is_queue_does_not_exist) => Ok(None),
            Err(error) => Err(failed("asking for the queue", &error)),
        }
    }

    /// Everything that is set of a queue, and how many messages are in it, by name (`DelaySeconds`, `ApproximateNumberOfMessages` …).
    pub async fn attributes(&self, url: &str) -> Result<BTreeMap<String, String>, QueueError> {
        let asked = self.client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All).send().await;
        let found = asked.map_err(|error| failed("asking for the queue's attributes", &error))?.attributes.unwrap_or_default();
        Ok(found.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect())
    }

    /// Sets attributes; those that are not named stay.
    pub async fn set_attributes(&self, url: &str, attributes: &BTreeMap<String, String>) -> Result<(), QueueError> {
        let mut call = self.client.set_queue_attributes().queue_url(url);
        for (name, value) in attributes {
            call = call.attributes(QueueAttributeName::from(name.as_str()), value);
        }
        call.send().await.map_err(|error| failed("setting the queue's attributes", &error))?;
        Ok(())
    }

    /// Makes a queue (or finds the one with this name).
    pub async fn create(&self, name: &str) -> Result<String, QueueError> {
        let made = self.client.create_queue().queue_name(name).send().await.map_err(|error| failed("making the queue", &error))?;
        made.queue_url.ok_or_else(|| QueueError::Unreachable { doing: "making the queue", cause: "the answer names no queue".to_owned() })
    }

    /// Removes a queue with all that is in it.
    pub async fn remove(&self, url: &str) -> Result<(), QueueError> {
        self.client.delete_queue().queue_url(url).send().await.map_err(|error| failed("removing the queue", &error))?;
        Ok(())
    }

    /// Puts a message in.
    pub async fn send(&self, url: &str, body: &str) -> Result<(), QueueError> {
        self.client.send_message().queue_url(url).message_body(body).send().await.map_err(|error| failed("sending", &error))?;
        Ok(())
    }

    /// Takes up to ten messages, waiting at most a second for the first.
    pub async fn receive(&self, url: &str) -> Result<Vec<Message>, QueueError> {
        let received = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .send()
            .await
            .map_err(|error| failed("receiving", &error))?;
        let message = |message: aws_sdk_sqs::types::Message| {
            Some(Message { body: message.body.unwrap_or_default(), receipt: message.receipt_handle? })
        };
        Ok(received.messages.unwrap_or_default().into_iter().filter_map(message).collect())
    }

    /// Done with it: it never comes back.
    pub async fn delete(&self, url: &str, receipt: &str) -> Result<(), QueueError> {
        self.client.delete_message().queue_url(url).receipt_handle(receipt).send().await.map_err(|error| failed("deleting", &error))?;
        Ok(())
    }

    /// Not ours: others may have it at once.
    pub async fn release(&self, url: &str, receipt: &str) -> Result<(), QueueError> {
        self.client
            .change_message_visibility()
            .queue_url(url)
            .receipt_handle(receipt)
            .visibility_timeout(0)
            .send()
            .await
            .map_err(|error| failed("giving a message back", &error))?;
        Ok(())
    }
}

fn failed<E>(doing: &'static str, error: &SdkError<E, aws_sdk_sqs::config::http::HttpResponse>) -> QueueError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match (error, error.code()) {
        (SdkError::ServiceError(_), Some(code)) => {
            QueueError::Refused { doing, code: code.to_owned(), message: error.message().unwrap_or_default().to_owned() }
        }
        (SdkError::ServiceError(context), None) => {
            let status = context.raw().status().as_u16();
            QueueError::Unreachable { doing, cause: format!("status {status} and no error that SQS knows: is this the right endpoint?") }
        }
        (SdkError::ResponseError(context), _) => {
            let status = context.raw().status().as_u16();
            QueueError::Unreachable { doing, cause: format!("status {status}, but the answer is not SQS's: is this the right endpoint?") }
        }
        (SdkError::TimeoutError(_), _) => QueueError::Unreachable { doing, cause: "no answer within 10s".to_owned() },
        _ => {
            let mut cause: &dyn std::error::Error = error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            QueueError::Unreachable { doing, cause: cause.to_string() }
        }
    }
}
