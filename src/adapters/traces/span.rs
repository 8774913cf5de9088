//! A span as both stores can give it.

/// One span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// 32 hex digits.
    pub trace: String,
    /// 16 hex digits.
    pub id: String,
    /// The span it is a child of, within the same trace.
    pub parent: Option<String>,
    /// `service.name` of the resource; empty when there is none.
    pub service: String,
    /// Its role.
    pub kind: SpanKind,
    /// What it says it did.
    pub name: String,
    /// Spans of this or other traces that it points at.
    pub links: Vec<Link>,
}

/// A span pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// 32 hex digits; may be another trace.
    pub trace: String,
    /// 16 hex digits.
    pub span: String,
}

/// A trace that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// 32 hex digits.
    pub trace: String,
    /// From its first span's beginning to its last one's end, in milliseconds.
    pub took_ms: f64,
    /// Whether a span of it says that it failed.
    pub failed: bool,
}

/// The role of a span in OpenTelemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// The store does not say.
    Unknown,
    /// Work within a service.
    Internal,
    /// Answers a request.
    Server,
    /// Makes a request.
    Client,
    /// Puts a message somewhere.
    Producer,
    /// Takes a message from there.
    Consumer,
}

impl SpanKind {
    /// Reads `server`, `SPAN_KIND_SERVER` or `2`.
    pub(super) fn read(text: &str) -> Self {
        let name = text.strip_prefix("SPAN_KIND_").unwrap_or(text).to_ascii_lowercase();
        match name.as_str() {
            "internal" | "1" => Self::Internal,
            "server" | "2" => Self::Server,
            "client" | "3" => Self::Client,
            "producer" | "4" => Self::Producer,
            "consumer" | "5" => Self::Consumer,
            _ => Self::Unknown,
        }
    }

    /// As messages have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// An id in lower-case hex of full length: stores cut leading zeros, and OTLP as protobuf JSON writes ids in base64.
pub(super) fn id(text: &str, bytes: usize) -> String {
    use base64::Engine as _;
    let hex = text.len() <= bytes * 2 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let padded_base64 = text.len() == bytes.div_ceil(3) * 4 && text.ends_with('=');
    if hex && !padded_base64 {
        return format!("{:0>width$}", text.to_ascii_lowercase(), width = bytes * 2);
    }
    match base64::engine::general_purpose::STANDARD.decode(text) {
        Ok(raw) if raw.len() == bytes => raw.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")),
        _ => text.to_ascii_lowercase(),
    }
}

/// A trace id in full length.
pub(super) fn trace_id(text: &str) -> String {
    id(text, 16)
}

/// A span id in full length.
pub(super) fn span_id(text: &str) -> String {
    id(text, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_form_whatever_the_store_writes() {
        assert_eq!(trace_id("ABC"), format!("{}abc", "0".repeat(29)));
        assert_eq!(trace_id("0af7651916cd43dd8448eb211c80319c"), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(trace_id("CvdlGRbNQ92ESOshHIAxnA=="), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span_id("t61rcWkgMzE="), "b7ad6b7169203331");
        assert_eq!(span_id("b7ad6b7169203331"), "b7ad6b7169203331");
        assert_eq!(span_id("?"), "?");
    }
}
