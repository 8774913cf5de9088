//! How far the clocks of those who are asked are from this host's: what they say happened when is theirs.

use crate::adapters::prometheus::Prometheus;
use crate::drill::ground::Drill;
use crate::model::run::At;
use crate::model::scenario::ClockRow;

/// A clock that is read in whole seconds may be anywhere within one.
const HALF_SECOND_MS: i64 = 500;

/// Compares with the API server and Prometheus; a sentence for each that could not be asked.
pub async fn clocks(drill: &Drill) -> (Vec<ClockRow>, Vec<String>) {
    let (mut rows, mut missed) = (Vec::new(), Vec::new());
    let before = drill.now();
    match drill.ground.cluster.kube().date().await {
        Ok(theirs) => rows.push(row("API server", before, drill.now(), millis(theirs) + HALF_SECOND_MS, HALF_SECOND_MS)),
        Err(error) => missed.push(format!("clock of the API server: {error}")),
    }
    if let Some(endpoint) = &drill.ground.prober.lookup().backends.metrics {
        match prometheus(drill, endpoint).await {
            Ok(row) => rows.push(row),
            Err(why) => missed.push(format!("clock of Prometheus: {why}")),
        }
    }
    (rows, missed)
}

async fn prometheus(drill: &Drill, endpoint: &crate::checks::EndpointRef) -> Result<ClockRow, String> {
    let way = drill.ground.prober.way(endpoint).await?;
    let prometheus = Prometheus::new(drill.ground.prober.http().clone(), &way.base);
    let before = drill.now();
    let answer = prometheus.query("time()").await.map_err(|error| way.why(&error))?;
    let after = drill.now();
    let seconds = answer.first().ok_or_else(|| "time() has no value".to_owned())?.value;
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    let theirs = (seconds * 1000.0).round() as i64;
    Ok(row("Prometheus", before, after, theirs, 0))
}

fn millis(at: time::OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// They answered at some moment between `before` and `after`.
fn row(source: &str, before: At, after: At, theirs: i64, coarse: i64) -> ClockRow {
    let (before, after) = (millis(before.0), millis(after.0));
    let half = (after - before).max(0) / 2;
    ClockRow { source: source.to_owned(), ahead_ms: theirs - (before + half), within_ms: u64::try_from(half + coarse).unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_question_is_compared_and_half_its_length_is_how_well_it_is_known() {
        let at = |ms: i64| At(time::OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(ms));
        let row = row("x", at(1_000), at(1_040), 4_020, 500);
        assert_eq!((row.ahead_ms, row.within_ms), (3_000, 520));
    }
}
