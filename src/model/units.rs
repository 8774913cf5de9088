//! Kubernetes quantities, read exactly as the API server reads them.

/// `500m` → 500, `2` → 2000, `0.1` → 100; parts of a millicore round up. `None` for what is no quantity of CPU.
pub fn parse_millicores(text: &str) -> Option<u64> {
    let (digits, thousandths_of_milli) = match text.strip_suffix('m') {
        Some(digits) => (digits, 1_000),
        None => (text, 1_000_000),
    };
    Some(scaled(digits, thousandths_of_milli)?.div_ceil(1_000))
}

/// `64Mi` → 67108864, `1G` → 1000000000, `1500` → 1500; parts of a byte round up. `None` for what is no quantity of bytes.
pub fn parse_bytes(text: &str) -> Option<u64> {
    const SUFFIXES: &[(&str, u64)] = &[
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("k", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
    ];
    let (digits, unit) =
        SUFFIXES.iter().find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|digits| (digits, *unit))).unwrap_or((text, 1));
    scaled(digits, unit)
}

/// `digits` (a plain decimal, no sign, no exponent) times `unit`, rounded up.
fn scaled(digits: &str, unit: u64) -> Option<u64> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(part) || whole.len() + part.len() == 0 || part.len() > 9 {
        return None;
    }
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok() };
    let fraction = number(part)?.checked_mul(unit)?.div_ceil(10_u64.checked_pow(u32::try_from(part.len()).ok()?)?);
    number(whole)?.checked_mul(unit)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn millicores(text: &str, expected: Option<u64>) {
        assert_eq!(parse_millicores(text), expected, "{text}");
    }

    #[track_caller]
    fn bytes(text: &str, expected: Option<u64>) {
        assert_eq!(parse_bytes(text), expected, "{text}");
    }

    #[test]
    fn cpu_is_read_in_thousandths_of_a_core() {
        millicores("500m", Some(500));
        millicores("2", Some(2000));
        millicores("0.1", Some(100));
        millicores("1.0005", Some(1001));
        millicores("", None);
        millicores("m", None);
        millicores("-1", None);
        millicores("1e3", None);
    }

    #[test]
    fn memory_is_read_in_bytes() {
        bytes("64Mi", Some(64 << 20));
        bytes("1G", Some(1_000_000_000));
        bytes("0.5Gi", Some(512 << 20));
        bytes("1500", Some(1500));
        bytes("Gi", None);
        bytes("1 Gi", None);
        bytes("99999999999Ti", None);
    }
}
