//! What is wrong with a figure that could not be read, and how to write it.

/// Why a figure with a unit could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A length of time without a unit.
    #[error("`{0}` has no unit: write {0}s, {0}m, {0}h or {0}ms")]
    NoUnit(String),
    /// Not a length of time at all.
    #[error("`{0}` is not a length of time: write it like 500ms, 30s, 2m, 1h or 1h30m")]
    Duration(String),
    /// Units that are there twice or grow.
    #[error("`{0}` has its units out of order: the larger comes first, each once, as in 1h30m")]
    Order(String),
    /// Not a share.
    #[error("`{0}` is not a share from 0% to 100%: write it like 50% or 2.5%")]
    Percent(String),
    /// Not a quantity of bytes.
    #[error("`{0}` is not a size: write it like 256Mi, 2Gi or 500M")]
    Bytes(String),
    /// Not a share of a CPU.
    #[error("`{0}` is not an amount of CPU: write it like 100m, 0.5 or 2")]
    Cpu(String),
    /// More than fits.
    #[error("`{0}` is too large")]
    TooLarge(String),
}
