//! What is said on the socket of a run besides events and controls, which go as they are: docs/attach.md. A line of the protocol's own has the key
//! `attach`, an event has `event`, a control has `control`.

use super::event::{Control, Verb};
use super::ids::RunId;
use serde::{Deserialize, Serialize};

/// Rises when an old reader would misunderstand a line; new fields and new kinds of lines do not raise it, readers skip what they do not know.
pub const ATTACH_PROTOCOL: u32 = 1;

/// The first line of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "attach", rename = "hello")]
pub struct ClientHello {
    /// [`ATTACH_PROTOCOL`] of the client.
    pub protocol: u32,
    /// Version of the client, for people.
    #[serde(default)]
    pub labctl: String,
    /// The client only looks: the run refuses every control from it.
    #[serde(default = "yes")]
    pub read_only: bool,
    /// Events up to this number are known already and are not sent; 0 sends all.
    #[serde(default)]
    pub after: u64,
}

/// Whoever does not say that it wants to steer cannot.
fn yes() -> bool {
    true
}

impl ClientHello {
    /// Of this labctl, from the first event on.
    pub fn new(read_only: bool) -> Self {
        Self { protocol: ATTACH_PROTOCOL, labctl: env!("CARGO_PKG_VERSION").to_owned(), read_only, after: 0 }
    }
}

/// The first line of a run that takes the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say what they hold")]
pub struct ServerHello {
    pub protocol: u32,
    /// Version of the labctl that does the run.
    pub labctl: String,
    pub run: RunId,
    pub lab: String,
    pub verb: Verb,
    /// As the client asked for.
    pub read_only: bool,
}

/// A line of the run that is no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "attach", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields say what they hold")]
pub enum ServerLine {
    /// Always the first, unless the client is refused.
    Hello(ServerHello),
    /// The run has this control; what comes of it stands in the events.
    Taken { control: Control },
    /// Not done, and why in words. After `closes` nothing follows.
    Refused { why: Refusal, text: String, closes: bool },
    /// The last line: no more events will come.
    End { why: EndReason },
    /// A kind of line that this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Another version of the protocol.
    Protocol,
    /// The first line was no hello, or none came in time.
    Hello,
    /// Somebody else's process.
    User,
    /// Too many are attached.
    Full,
    /// A line is too long.
    TooLong,
    /// A line is not JSON, or no control.
    Garbage,
    /// A control that this labctl does not know; the client stays attached.
    UnknownControl,
    /// A control from a client that said it only looks; the client stays attached.
    ReadOnly,
    /// A reason that this reader does not know.
    #[serde(other)]
    Unknown,
}

/// Why no more events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The run came to its end; its last event has been sent.
    Finished,
    /// The run could not write its journal any more and ends.
    Unwritten,
    /// A reason that this reader does not know.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_one_key() {
        let line = |line: &ServerLine| serde_json::to_string(line).unwrap();
        let hello = ServerHello {
            protocol: 1,
            labctl: "0.1.0".to_owned(),
            run: RunId("r".to_owned()),
            lab: "l".to_owned(),
            verb: Verb::Up,
            read_only: true,
        };
        let text = line(&ServerLine::Hello(hello.clone()));
        assert_eq!(text, r#"{"attach":"hello","protocol":1,"labctl":"0.1.0","run":"r","lab":"l","verb":"up","read_only":true}"#);
        assert_eq!(serde_json::from_str::<ServerLine>(&text).unwrap(), ServerLine::Hello(hello));
        assert_eq!(line(&ServerLine::End { why: EndReason::Finished }), r#"{"attach":"end","why":"finished"}"#);
        let hello = serde_json::to_string(&ClientHello::new(false)).unwrap();
        assert!(hello.starts_with(r#"{"attach":"hello","protocol":1,"#), "{hello}");
    }

    #[test]
    fn a_newer_side_may_say_more() {
        let hello: ClientHello = serde_json::from_str(r#"{"attach":"hello","protocol":1,"colour":"blue"}"#).unwrap();
        assert!(hello.read_only, "who does not ask to steer only looks");
        assert_eq!(serde_json::from_str::<ServerLine>(r#"{"attach":"sang","tune":3}"#).unwrap(), ServerLine::Unknown);
        let refused: ServerLine = serde_json::from_str(r#"{"attach":"refused","why":"moon","text":"","closes":true}"#).unwrap();
        assert!(matches!(refused, ServerLine::Refused { why: Refusal::Unknown, closes: true, .. }));
    }
}
