//! Quantities as numbers: `1000m` is `1`, `1024Mi` is `1Gi`.

use serde_json::Value;

/// Whether both are quantities of the same size.
pub fn same_quantity(a: &Value, b: &Value) -> bool {
    matches!((nanos(a), nanos(b)), (Some(a), Some(b)) if a == b)
}

/// In billionths; `None` when it is no quantity or too large to tell.
pub fn nanos(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => parse(&number.to_string()),
        Value::String(text) => parse(text),
        _ => None,
    }
}

fn parse(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits_end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits_end);
    let (numerator, denominator) = scale(suffix)?;
    let negative = number.starts_with('-');
    let number = number.trim_start_matches(['+', '-']);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let power = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let top = digits.checked_mul(numerator)?.checked_mul(1_000_000_000)?;
    let bottom = power.checked_mul(denominator)?;
    // the server rounds up below a billionth
    let size = top / bottom + i128::from(top % bottom != 0);
    Some(if negative { -size } else { size })
}

/// A suffix as a fraction.
fn scale(suffix: &str) -> Option<(i128, i128)> {
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
            if exponent < 0 { (1, power) } else { (power, 1) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "tables read better without a reference on each value")]
    #[track_caller]
    fn check(a: Value, b: Value, same: bool) {
        assert_eq!(same_quantity(&a, &b), same, "{a} and {b}");
    }

    #[test]
    fn spellings_of_one_size_are_the_same() {
        check(json!("1000m"), json!("1"), true);
        check(json!("1"), json!(1), true);
        check(json!("1024Mi"), json!("1Gi"), true);
        check(json!("0.5"), json!("500m"), true);
        check(json!("1e3"), json!("1k"), true);
        check(json!("1M"), json!("1Mi"), false);
        check(json!("100m"), json!("100M"), false);
        check(json!("latest"), json!("latest"), false);
        check(json!(""), json!("0"), false);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _any = parse(&text);
        }

        #[test]
        fn milli_is_a_thousandth(n in 0_u32..1_000_000) {
            let milli = json!(format!("{}m", u64::from(n) * 1000));
            prop_assert!(same_quantity(&milli, &json!(n)), "{} is not {}", milli, n);
        }
    }
}
