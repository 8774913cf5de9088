//! A chart of the series behind a check, as SVG that stands in a page by itself.

use crate::model::run::At;
use plotters::prelude::*;
use serde_json::Value;

/// Pixels.
const SIZE: (u32, u32) = (860, 240);
/// More lines than this cannot be told from each other.
const MOST: usize = 8;

/// A stretch of time that is marked, in seconds since 1970.
pub type Shade = Option<(f64, f64)>;

/// The chart of a file under `metrics/`, with the time in which faults lasted shaded. Nothing where no point is a number.
pub fn svg(file: &Value, shade: Shade, began: At) -> Option<String> {
    let series: Vec<Vec<(f64, f64)>> =
        file["data"]["result"].as_array()?.iter().take(MOST).map(points).filter(|points| !points.is_empty()).collect();
    let began = began.0.unix_timestamp_nanos() as f64 / 1e9;
    let all = || series.iter().flatten();
    let (from, to) = span(all().map(|point| point.0))?;
    let (low, high) = span(all().map(|point| point.1))?;
    // a flat line is seen as one, with zero in sight
    let (low, high) = (low.min(0.0), if high > low.min(0.0) { high } else { low + 1.0 });
    let mut text = String::new();
    draw(&mut text, &series, (from - began, to.max(from + 1.0) - began), (low, high + (high - low) * 0.05), shade, began).ok()?;
    Some(text)
}

type Failed = Box<dyn std::error::Error>;

fn draw(text: &mut String, series: &[Vec<(f64, f64)>], x: (f64, f64), y: (f64, f64), shade: Shade, began: f64) -> Result<(), Failed> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area).margin(8).x_label_area_size(28).y_label_area_size(64).build_cartesian_2d(x.0..x.1, y.0..y.1)?;
    if let Some((from, to)) = shade {
        let corners = [((from - began).max(x.0), y.0), ((to - began).min(x.1), y.1)];
        chart.draw_series(std::iter::once(Rectangle::new(corners, RGBColor(214, 120, 0).mix(0.18).filled())))?;
    }
    let seconds = |at: &f64| format!("{at:.0} s");
    let number = |value: &f64| format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned();
    chart.configure_mesh().max_light_lines(0).x_label_formatter(&seconds).y_label_formatter(&number).draw()?;
    for (index, points) in series.iter().enumerate() {
        let shifted = points.iter().map(|(at, value)| (at - began, *value));
        chart.draw_series(LineSeries::new(shifted, Palette99::pick(index).stroke_width(2)))?;
    }
    area.present()?;
    Ok(())
}

/// Time and value of each point; what is no number is left out.
fn points(series: &Value) -> Vec<(f64, f64)> {
    let point = |point: &Value| Some((point[0].as_f64()?, point[1].as_str()?.parse::<f64>().ok().filter(|value| value.is_finite())?));
    series["values"].as_array().into_iter().flatten().filter_map(point).collect()
}

fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |span, value| match span {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_series_is_drawn_with_its_shade_and_one_without_numbers_is_not() {
        let began = At(time::OffsetDateTime::from_unix_timestamp(100).unwrap());
        let file = json!({"data": {"result": [{"metric": {}, "values": [[100, "1"], [101, "NaN"], [102, "3"]]}]}});
        let with = svg(&file, Some((101.0, 102.0)), began).unwrap();
        let without = svg(&file, None, began).unwrap();
        assert!(with.contains("<polyline") && with.contains("2 s"), "{with}");
        assert_eq!(with.matches("<rect").count(), without.matches("<rect").count() + 1);
        assert_eq!(svg(&json!({"data": {"result": [{"values": [[100, "NaN"]]}]}}), None, began), None);
        assert_eq!(svg(&json!({"data": {"result": []}}), None, began), None);
    }
}
