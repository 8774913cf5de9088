//! What a scalar means to kubectl: the rules of YAML 1.1 as go-yaml 2 has them, then what JSON makes of it.
//!
//! The rules are those of `resolve.go` in <https://github.com/yaml/go-yaml/tree/v2> (what sigs.k8s.io/yaml reads with), each held against a real
//! kubectl by `tests/real/yaml_apiserver.rs`.

use super::error::Problem;
use base64::Engine as _;
use serde_json::Value;

/// The tags that change what a scalar means; any other leaves it a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
    Binary,
    Merge,
    /// Somebody's own.
    Other,
}

impl Tag {
    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::Timestamp => "timestamp",
            Self::Binary => "binary",
            Self::Merge => "merge",
            Self::Other => "other",
        }
    }
}

/// A scalar with its meaning.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Above what `Int` holds.
    UInt(u64),
    Float(f64),
    Text(String),
}

/// The meaning of a scalar: `plain` when it stands without quotes and is no block.
pub fn resolve(text: &str, plain: bool, tag: Option<Tag>) -> Result<Scalar, Problem> {
    let wrong = |tag: Tag| Err(Problem::Tag { text: text.chars().take(40).collect(), tag: tag.name() });
    let Some(tag) = tag else {
        return Ok(if plain { implicit(text) } else { Scalar::Text(text.to_owned()) });
    };
    match (tag, implicit(text)) {
        (Tag::Str | Tag::Other | Tag::Merge, _) => Ok(Scalar::Text(text.to_owned())),
        (Tag::Binary, _) => {
            let packed: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            match base64::engine::general_purpose::STANDARD.decode(packed) {
                Ok(bytes) => Ok(Scalar::Text(String::from_utf8_lossy(&bytes).into_owned())),
                Err(_) => wrong(tag),
            }
        }
        (Tag::Null, found @ Scalar::Null)
        | (Tag::Bool, found @ Scalar::Bool(_))
        | (Tag::Int, found @ (Scalar::Int(_) | Scalar::UInt(_)))
        | (Tag::Float, found @ Scalar::Float(_)) => Ok(found),
        (Tag::Float, Scalar::Int(number)) => Ok(Scalar::Float(number as f64)),
        // a timestamp stays the text it was written as
        (Tag::Timestamp, Scalar::Text(_)) if looks_like_a_date(text) => Ok(Scalar::Text(text.to_owned())),
        _ => wrong(tag),
    }
}

/// What a scalar without quotes and tag means.
fn implicit(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes().first() {
        Some(b'.') => fraction(text),
        Some(b'0'..=b'9' | b'+' | b'-') => number(text),
        _ => None,
    };
    number.unwrap_or_else(|| Scalar::Text(text.to_owned()))
}

/// `.5`, where an underscore may stand between two digits only.
fn fraction(text: &str) -> Option<Scalar> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let placed = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    let fits = bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'_' => placed(at),
        other => other.is_ascii_digit() || matches!(other, b'.' | b'e' | b'E' | b'+' | b'-'),
    });
    if fits { float(&text.replace('_', "")) } else { None }
}

/// A number that starts with a digit or a sign; underscores anywhere are left out.
fn number(text: &str) -> Option<Scalar> {
    let text = text.replace('_', "");
    integer(&text).or_else(|| if has_form_of_a_float(&text) { float(&text) } else { None })
}

/// Go's `ParseInt(text, 0, 64)` and, above it, `ParseUint`: `0x`, `0b`, `0o`, and a bare leading 0 for octal.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, signed, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, true, &text[1..]),
        Some(b'+') => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let lower = digits.get(..2).unwrap_or_default().to_ascii_lowercase();
    let (base, digits) = match lower.as_str() {
        "0x" if digits.len() > 2 => (16, &digits[2..]),
        "0b" if digits.len() > 2 => (2, &digits[2..]),
        "0o" if digits.len() > 2 => (8, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    // from_str_radix would take a second sign
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    let small = i64::try_from(i128::from(value) * if negative { -1 } else { 1 });
    match small {
        Ok(number) => Some(Scalar::Int(number)),
        Err(_) if !signed => Some(Scalar::UInt(value)),
        Err(_) => None,
    }
}

/// Sign, digits with at most one dot, exponent: go-yaml's pattern, so that `1.2.3` and `infinity` stay texts.
fn has_form_of_a_float(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (rest, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !part.is_empty();
    has_digits && digits(whole) && digits(part) && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// What is too large for a float is a text, as in Go, where parsing it is an error.
fn float(text: &str) -> Option<Scalar> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Scalar::Float)
}

fn looks_like_a_date(text: &str) -> bool {
    text.len() > 4 && text.bytes().take(4).all(|byte| byte.is_ascii_digit()) && text.as_bytes()[4] == b'-'
}

impl Scalar {
    /// As it stands in JSON.
    pub fn into_value(self) -> Result<Value, Problem> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Value::from(number),
            // kubectl reads what is above 64 signed bits as a float
            Self::UInt(number) => Value::from(number as f64),
            Self::Float(number) => return float_value(number).ok_or_else(|| Problem::NoJson { text: number.to_string() }),
            Self::Text(text) => Value::String(text),
        })
    }

    /// As a key of a map.
    pub fn into_key(self) -> Result<String, Problem> {
        match self {
            Self::Null => Err(Problem::Key { found: "nothing" }),
            Self::Bool(truth) => Ok(truth.to_string()),
            Self::Int(number) => Ok(number.to_string()),
            Self::UInt(_) => Err(Problem::Key { found: "a number above 64 bits" }),
            Self::Float(number) => Ok(float_key(number)),
            Self::Text(text) => Ok(text),
        }
    }
}

/// Go writes 1.0 and 1e3 as `1` and `1000`, the shortest digits filled up with zeros as Rust does, and what reads that takes it for an integer where
/// it fits one.
pub fn float_value(number: f64) -> Option<Value> {
    if !number.is_finite() {
        return None;
    }
    if number.fract() == 0.0
        && number.abs() < 1e21
        && let Ok(whole) = number.to_string().parse::<i64>()
    {
        return Some(Value::from(whole));
    }
    Some(Value::from(number))
}

/// Go's `FormatFloat(number, 'g', -1, 32)`: the shortest digits that give the 32-bit number, with an exponent below 1e-4 and from
/// 1e6 on.
#[expect(clippy::cast_possible_truncation, reason = "sigs.k8s.io/yaml writes keys with 32 bits")]
fn float_key(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() {
            ".nan"
        } else if number > 0.0 {
            ".inf"
        } else {
            "-.inf"
        }
        .to_owned();
    }
    let small = number as f32;
    if small.is_infinite() {
        return if small > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = format!("{small:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{small}")
}
