//! Lengths of time: `30s`, `2m`, `1h30m`, `500ms`; always with a unit, because a bare number means something else to everybody.

use super::UnitError;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Units from large to small, with their milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A length of time as files write it. Whole milliseconds; shown and written as it can be read again (`1m30s`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HumanDuration(Duration);

impl HumanDuration {
    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// So many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// As the standard library has it.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<HumanDuration> for Duration {
    fn from(duration: HumanDuration) -> Self {
        duration.0
    }
}

impl FromStr for HumanDuration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bad = || UnitError::Duration(text.to_owned());
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(UnitError::NoUnit(text.to_owned()));
        }
        let mut rest = text;
        let mut next_unit = 0;
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at(digits);
            let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, after) = after.split_at(letters);
            let index = UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(bad)?;
            if number.is_empty() {
                return Err(bad());
            }
            if index < next_unit {
                return Err(UnitError::Order(text.to_owned()));
            }
            let too_large = || UnitError::TooLarge(text.to_owned());
            let number: u64 = number.parse().map_err(|_| too_large())?;
            let millis = number.checked_mul(UNITS[index].1).ok_or_else(too_large)?;
            total = total.checked_add(millis).ok_or_else(too_large)?;
            next_unit = index + 1;
            rest = after;
        }
        if next_unit == 0 { Err(bad()) } else { Ok(Self::from_millis(total)) }
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return f.write_str("0s");
        }
        // days are read, but 36h is clearer than 1d12h: only whole days are written as such
        if millis.is_multiple_of(UNITS[0].1) {
            return write!(f, "{}d", millis / UNITS[0].1);
        }
        for (name, size) in &UNITS[1..] {
            if millis >= *size {
                write!(f, "{}{name}", millis / size)?;
                millis %= size;
            }
        }
        Ok(())
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = HumanDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time with its unit, such as 30s")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HumanDuration, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<HumanDuration, E> {
                Err(E::custom(UnitError::NoUnit(number.to_string())))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<HumanDuration, E> {
                Err(E::custom(UnitError::Duration(number.to_string())))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<HumanDuration, E> {
                Err(E::custom(UnitError::Duration(number.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for HumanDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            "description": "a length of time with its unit: 500ms, 30s, 2m, 1h30m"
        })
    }
}

/// How long something took, for people: `340ms`, `12s`, `3m04`, `1h02m`. Not meant to be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(pub Duration);

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis < 1000 {
            return write!(f, "{millis}ms");
        }
        let secs = self.0.as_secs();
        let text = match secs {
            0..60 => format!("{secs}s"),
            60..3600 => format!("{}m{:02}", secs / 60, secs % 60),
            _ => format!("{}h{:02}m", secs / 3600, secs % 3600 / 60),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn reads(text: &str, millis: u64) {
        assert_eq!(text.parse(), Ok(HumanDuration::from_millis(millis)), "{text}");
    }

    #[track_caller]
    fn refuses(text: &str, says: &str) {
        let error = text.parse::<HumanDuration>().unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        reads("500ms", 500);
        reads("30s", 30_000);
        reads("2m", 120_000);
        reads("1h", 3_600_000);
        reads("1h30m", 5_400_000);
        reads("7d", 604_800_000);
        reads("0s", 0);
        reads("1m500ms", 60_500);
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_way_out() {
        refuses("30", "has no unit: write 30s");
        refuses("", "not a length of time");
        refuses("s", "not a length of time");
        refuses("1.5s", "not a length of time");
        refuses("-5s", "not a length of time");
        refuses("30 s", "not a length of time");
        refuses("30sec", "not a length of time");
        refuses("1h30", "not a length of time");
        refuses("30m1h", "out of order");
        refuses("1s1s", "out of order");
        refuses("99999999999999999999h", "too large");
        refuses("9999999999999999d", "too large");
        refuses("٣s", "not a length of time");
    }

    #[test]
    fn a_bare_number_in_a_file_is_refused_for_its_missing_unit() {
        for text in ["30", "\"30\""] {
            let error = serde_saphyr::from_str::<HumanDuration>(text).unwrap_err().to_string();
            assert!(error.contains("has no unit: write 30s"), "{error}");
        }
        assert!(serde_json::from_str::<HumanDuration>("30").unwrap_err().to_string().contains("no unit"));
        assert!(serde_json::from_str::<HumanDuration>("1.5").is_err());
        assert!(serde_json::from_str::<HumanDuration>("-1").is_err());
    }

    #[test]
    fn elapsed_times_are_short() {
        let shown = |secs_millis: u64| Elapsed(Duration::from_millis(secs_millis)).to_string();
        assert_eq!(shown(340), "340ms");
        assert_eq!(shown(12_900), "12s");
        assert_eq!(shown(59_999), "59s");
        assert_eq!(shown(184_000), "3m04");
        assert_eq!(shown(3_720_000), "1h02m");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0u64..=u64::from(u32::MAX) * 1000) {
            let duration = HumanDuration::from_millis(millis);
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _any = text.parse::<HumanDuration>();
        }
    }
}
