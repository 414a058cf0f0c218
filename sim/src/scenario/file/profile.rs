//! Hour-of-week profiles by zone. Knows the shipped table; must not know loads.

use std::sync::Arc;

/// A zone whose people push at the same hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    Americas,
    Emea,
    Apac,
    Flat,
}

/// Rates over their mean by hour of the week: the hour, then a column for each zone.
const PROFILES: &str = include_str!("../../../../scenarios/worlds/profiles.csv");

/// Hours of a week.
pub(super) const HOURS: usize = 168;

/// The rate of each hour of the week over its mean, Monday 0 h UTC first.
pub(super) fn profile(zone: Zone) -> Arc<Vec<f64>> {
    let column = match zone {
        Zone::Americas => 1,
        Zone::Emea => 2,
        Zone::Apac => 3,
        Zone::Flat => return Arc::new(vec![1.0; HOURS]),
    };
    let rows = PROFILES.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let rate = |line: &str| line.split(',').nth(column).and_then(|cell| cell.trim().parse().ok());
    Arc::new(rows.map(|line| rate(line).expect("the shipped table holds numbers")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_have_a_week_of_hours_with_mean_one() {
        for zone in [Zone::Americas, Zone::Emea, Zone::Apac, Zone::Flat] {
            let rates = profile(zone);
            let mean = rates.iter().sum::<f64>() / HOURS as f64;
            assert_eq!(rates.len(), HOURS);
            assert!((mean - 1.0).abs() < 1e-4 && rates.iter().all(|rate| *rate > 0.0), "{zone:?} {mean}");
        }
        let peak = |zone| profile(zone).iter().copied().fold(0.0, f64::max);
        assert!(peak(Zone::Americas) > 2.0 && peak(Zone::Apac) < peak(Zone::Americas));
    }
}
