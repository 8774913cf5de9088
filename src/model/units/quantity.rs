//! Kubernetes quantities: bytes (`256Mi`) and shares of a CPU (`100m`). What does not come out whole is rounded up, as Kubernetes does.

use super::UnitError;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A size in bytes. Shown as `341 MiB`, written as `341Mi` (or plain bytes where that would not be exact).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub u64);

/// A share of a CPU in thousandths. Shown and written as `100m` or `2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MilliCpu(pub u64);

/// Suffixes with their factor as a fraction: times the first, divided by the second.
const SUFFIXES: [(&str, u128, u128); 17] = [
    ("Ki", 1 << 10, 1),
    ("Mi", 1 << 20, 1),
    ("Gi", 1 << 30, 1),
    ("Ti", 1 << 40, 1),
    ("Pi", 1 << 50, 1),
    ("Ei", 1 << 60, 1),
    ("n", 1, 1_000_000_000),
    ("u", 1, 1_000_000),
    ("m", 1, 1000),
    ("", 1, 1),
    ("k", 1000, 1),
    ("M", 1_000_000, 1),
    ("G", 1_000_000_000, 1),
    ("T", 1_000_000_000_000, 1),
    ("P", 1_000_000_000_000_000, 1),
    ("E", 1_000_000_000_000_000_000, 1),
    ("e3", 1000, 1),
];

/// Why a quantity is none.
enum Bad {
    Form,
    TooLarge,
}

/// Reads a quantity and multiplies it by `scale`, rounding up.
fn parse(text: &str, scale: u128) -> Result<u64, Bad> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (_, up, down) = SUFFIXES.iter().find(|(name, ..)| *name == suffix).ok_or(Bad::Form)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return Err(Bad::Form);
    }
    // 15 places are more than a quantity can mean, and keep the product within 128 bits
    if fraction.len() > 15 {
        return Err(Bad::TooLarge);
    }
    let places = u32::try_from(fraction.len()).map_err(|_| Bad::TooLarge)?;
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| Bad::TooLarge)?;
    let up = digits.checked_mul(*up).and_then(|n| n.checked_mul(scale)).ok_or(Bad::TooLarge)?;
    let down = down * 10u128.pow(places);
    u64::try_from(up.div_ceil(down)).map_err(|_| Bad::TooLarge)
}

impl FromStr for Bytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        match parse(text, 1) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(Bad::Form) => Err(UnitError::Bytes(text.to_owned())),
            Err(Bad::TooLarge) => Err(UnitError::TooLarge(text.to_owned())),
        }
    }
}

impl FromStr for MilliCpu {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        match parse(text, 1000) {
            Ok(milli) => Ok(Self(milli)),
            Err(Bad::Form) => Err(UnitError::Cpu(text.to_owned())),
            Err(Bad::TooLarge) => Err(UnitError::TooLarge(text.to_owned())),
        }
    }
}

impl Bytes {
    /// As Kubernetes reads it: `341Mi`.
    pub fn quantity(self) -> String {
        let units = [("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)];
        match units.iter().find(|(_, shift)| self.0 != 0 && self.0.trailing_zeros() >= *shift) {
            Some((unit, shift)) => format!("{}{unit}", self.0 >> shift),
            None => self.0.to_string(),
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        // climb while the rounded figure would read 1024 or more
        let mut unit = 0;
        let mut figure = self.0 as f64;
        while figure.round() >= 1024.0 && unit + 1 < UNITS.len() {
            figure /= 1024.0;
            unit += 1;
        }
        // below ten of a large unit the first decimal matters: 1.2 GiB
        let text = if unit >= 3 && figure < 9.95 { format!("{figure:.1} {}", UNITS[unit]) } else { format!("{figure:.0} {}", UNITS[unit]) };
        f.pad(&text)
    }
}

impl fmt::Display for MilliCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.0.is_multiple_of(1000) { (self.0 / 1000).to_string() } else { format!("{}m", self.0) };
        f.pad(&text)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.quantity())
    }
}

impl Serialize for MilliCpu {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Quantities are strings, but YAML reads `cpu: 1` as a number and Kubernetes takes that too.
struct Visitor<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = UnitError>> de::Visitor<'_> for Visitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity such as 256Mi or 100m")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for MilliCpu {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "number"], "description": "a size as Kubernetes writes it: 256Mi, 2Gi, 500M"})
    }
}

impl JsonSchema for MilliCpu {
    fn schema_name() -> Cow<'static, str> {
        "Cpu".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["string", "number"], "description": "an amount of CPU as Kubernetes writes it: 100m, 0.5, 2"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn bytes(text: &str, want: u64) {
        assert_eq!(text.parse(), Ok(Bytes(want)), "{text}");
    }

    #[track_caller]
    fn cpu(text: &str, want: u64) {
        assert_eq!(text.parse(), Ok(MilliCpu(want)), "{text}");
    }

    #[test]
    fn quantities_are_read_as_kubernetes_does() {
        bytes("256Mi", 256 << 20);
        bytes("1.5Gi", 3 << 29);
        bytes("500M", 500_000_000);
        bytes("1500k", 1_500_000);
        bytes("1048576", 1 << 20);
        bytes("1e3", 1000);
        bytes("100m", 1);
        bytes("0", 0);
        bytes(".5Ki", 512);
        cpu("100m", 100);
        cpu("0.5", 500);
        cpu("2", 2000);
        cpu("0.0001", 1);
        cpu("250u", 1);
        cpu("1k", 1_000_000);
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_a_way_out() {
        for text in ["", "Mi", "256MB", "256 Mi", "-1Mi", "1..5", ".", "1.2.3", "ten", "256mi"] {
            let error = text.parse::<Bytes>().unwrap_err().to_string();
            assert!(error.contains("write it like 256Mi"), "{text}: {error}");
        }
        assert!("2 cores".parse::<MilliCpu>().unwrap_err().to_string().contains("write it like 100m"));
        assert!("99999999999Ei".parse::<Bytes>().unwrap_err().to_string().contains("too large"));
        assert!("9".repeat(60).parse::<Bytes>().unwrap_err().to_string().contains("too large"));
    }

    #[test]
    fn sizes_are_shown_for_people() {
        let shown = |n: u64| Bytes(n).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(341 << 20), "341 MiB");
        assert_eq!(shown((1 << 20) - 1), "1 MiB");
        assert_eq!(shown(5 << 28), "1.2 GiB");
        assert_eq!(shown(10 << 30), "10 GiB");
        assert_eq!(shown(u64::MAX), "16 EiB");
        assert_eq!(MilliCpu(100).to_string(), "100m");
        assert_eq!(MilliCpu(2000).to_string(), "2");
    }

    #[test]
    fn numbers_in_a_file_are_quantities_too() {
        assert_eq!(serde_saphyr::from_str::<MilliCpu>("1").unwrap(), MilliCpu(1000));
        assert_eq!(serde_saphyr::from_str::<MilliCpu>("0.5").unwrap(), MilliCpu(500));
        assert_eq!(serde_saphyr::from_str::<Bytes>("256Mi").unwrap(), Bytes(256 << 20));
        assert!(serde_saphyr::from_str::<Bytes>("[1]").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(n in any::<u64>()) {
            prop_assert_eq!(Bytes(n).quantity().parse(), Ok(Bytes(n)));
            prop_assert_eq!(MilliCpu(n).to_string().parse(), Ok(MilliCpu(n)));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _any = text.parse::<Bytes>();
            let _any = text.parse::<MilliCpu>();
        }
    }
}
