//! Shares: `50%`, `2.5%`; always with the sign, because a bare 0.5 means something else to everybody.

use super::UnitError;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A share from 0 to 100 %, in tenths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Percent(u16);

impl Percent {
    /// All of it.
    pub const ALL: Self = Self(1000);

    /// 0 to 1.
    pub fn share(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// Whether `part` of `whole` is more than this share.
    pub fn is_passed_by(self, part: usize, whole: usize) -> bool {
        part.saturating_mul(1000) > whole.saturating_mul(usize::from(self.0))
    }
}

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bad = || UnitError::Percent(text.to_owned());
        let number = text.strip_suffix('%').ok_or_else(bad)?;
        let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str, most: usize| !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, 3) || !digits(tenth, 1) {
            return Err(bad());
        }
        let tenths = whole.parse::<u16>().map_err(|_| bad())? * 10 + tenth.parse::<u16>().map_err(|_| bad())?;
        if tenths > 1000 { Err(bad()) } else { Ok(Self(tenths)) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}%", self.0 / 10),
            tenth => write!(f, "{}.{tenth}%", self.0 / 10),
        }
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Percent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share with its sign, such as 50%")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Percent, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Percent, E> {
                Err(E::custom(UnitError::Percent(number.to_string())))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Percent, E> {
                Err(E::custom(UnitError::Percent(number.to_string())))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Percent, E> {
                Err(E::custom(UnitError::Percent(number.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(100(\\.0)?|[0-9]{1,2}(\\.[0-9])?)%$",
            "description": "a share with its sign: 50%, 2.5%"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_with_their_sign_and_written_as_they_are_read() {
        for text in ["0%", "50%", "2.5%", "100%"] {
            assert_eq!(text.parse::<Percent>().unwrap().to_string(), text);
        }
        for bad in ["50", "0.5", "101%", "-1%", "5.25%", "%", "1e1%", ""] {
            let error = bad.parse::<Percent>().unwrap_err().to_string();
            assert!(error.contains("50%"), "{bad}: {error}");
        }
        assert!(serde_saphyr::from_str::<Percent>("50").unwrap_err().to_string().contains("write it like 50%"));
    }

    #[test]
    fn a_share_is_passed_only_by_more() {
        let half: Percent = "50%".parse().unwrap();
        assert!(!half.is_passed_by(1, 2) && half.is_passed_by(2, 3) && half.is_passed_by(1, 1));
        assert!(!Percent::ALL.is_passed_by(3, 3) && Percent::default().is_passed_by(1, 1000));
    }
}
