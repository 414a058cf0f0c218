//! Numbers and names for people. Knows how a duration, a count, money and a share are written; must not know charts,
//! HTML, or where a number came from.

use crate::model::Estimate;

/// What stands where there is no number.
pub(crate) const NOTHING: &str = "–";

/// A number that can be shown.
pub(crate) fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

/// `value` of a measure with this unit (`s`, `share`, `USD`, `ratio`, `count`).
pub(crate) fn quantity(unit: &str, value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    match unit {
        "s" => duration(value),
        "share" => share(value),
        "USD" => money(value),
        "ratio" if value < -0.005 => format!("−{:.2}×", -value),
        "ratio" => format!("{:.2}×", value.abs()),
        _ => count(value),
    }
}

/// The value of an estimate, or a dash.
pub(crate) fn value(unit: &str, estimate: &Estimate) -> String {
    finite(estimate.value).map_or_else(|| NOTHING.to_owned(), |v| quantity(unit, v))
}

/// The interval of an estimate as `[low, high]`.
pub(crate) fn interval(unit: &str, estimate: &Estimate) -> Option<String> {
    let (low, high) = (finite(estimate.low)?, finite(estimate.high)?);
    Some(format!("[{}, {}]", quantity(unit, low), quantity(unit, high)))
}

/// Seconds as `38 s`, `5 m 12 s`, `1 h 5 m`, `24 h`, `2 d 3 h`: never more than two parts.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.to_owned();
    }
    if seconds < 0.0 {
        return if seconds > -0.000_95 { "> −1 ms".to_owned() } else { format!("−{}", duration(-seconds)) };
    }
    let whole = seconds.round();
    match seconds {
        0.0 => "0 s".to_owned(),
        s if s < 0.000_95 => "< 1 ms".to_owned(),
        s if s < 0.009_95 => format!("{} ms", trimmed(s * 1e3, 1)),
        s if s < 0.999_5 => format!("{:.0} ms", s * 1e3),
        s if s < 9.95 => format!("{} s", trimmed(s, 1)),
        _ if whole < 60.0 => format!("{whole:.0} s"),
        _ if whole < 3_600.0 => parts(whole, 60.0, "m", 1.0, "s"),
        s if (s / 60.0).round() < 2_880.0 => parts((s / 60.0).round(), 60.0, "h", 1.0, "m"),
        s => parts((s / 3_600.0).round(), 24.0, "d", 1.0, "h"),
    }
}

fn parts(total: f64, per: f64, big: &str, unit: f64, small: &str) -> String {
    let (whole, rest) = ((total / per).floor(), (total % per) / unit);
    if rest == 0.0 { format!("{} {big}", count(whole)) } else { format!("{} {big} {rest:.0} {small}", count(whole)) }
}

/// A count as `1,234`; small fractions (means over runs) keep a decimal.
pub(crate) fn count(value: f64) -> String {
    match value {
        v if !v.is_finite() => NOTHING.to_owned(),
        v if v < 0.0 => format!("−{}", count(-v)),
        v if v.abs() >= 1e12 => format!("{v:.2e}"),
        v if v.fract() == 0.0 || v.abs() >= 100.0 => grouped(v),
        v if v != 0.0 && v.abs() < 0.095 => trimmed(v, 3),
        v => trimmed(v, 1),
    }
}

/// Money as `$12.30`, `$1,234`, `$0.0042`.
pub(crate) fn money(usd: f64) -> String {
    match usd {
        v if !v.is_finite() => NOTHING.to_owned(),
        v if v < 0.0 => format!("−{}", money(-v)),
        v if v > 0.0 && v < 0.000_1 => "< $0.0001".to_owned(),
        v if v > 0.0 && v < 0.01 => format!("${}", trimmed(v, 4)),
        v if v < 999.995 => format!("${v:.2}"),
        v => format!("${}", count(v.round())),
    }
}

/// A fraction as a percentage that never rounds up to a whole it is not.
pub(crate) fn share(fraction: f64) -> String {
    let percent = fraction * 100.0;
    if !percent.is_finite() {
        return NOTHING.to_owned();
    }
    if percent < 0.0 {
        return format!("−{}", share(-fraction));
    }
    if percent.fract() == 0.0 {
        return format!("{percent:.0} %");
    }
    let decimals = if (1.0..99.0).contains(&percent) { 1 } else { 2 };
    let text = trimmed(percent, decimals);
    if text == "100" { "> 99.99 %".to_owned() } else { format!("{text} %") }
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" { format!("−{text}") } else { text }
}

/// `regionOutage` as `region outage`; what is known by a proper name keeps it.
pub(crate) fn words(name: &str) -> String {
    let mut text = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            text.push(' ');
        }
        text.extend(c.to_lowercase());
    }
    text.replace(['_', '-'], " ")
}

/// A name in words with a capital, for headings and first columns.
pub(crate) fn label(name: &str) -> String {
    let known = match name {
        "ack" => "Webhook answered",
        "start" => "Start latency",
        "run" => "Run time",
        "total" => "Total time",
        "dynamodb" | "dynamoDb" | "dynamoDB" => "DynamoDB",
        "s3" => "S3",
        "sqs" => "SQS",
        "nat" => "NAT",
        "fargateOnDemand" => "Fargate",
        "fargateSpot" => "Fargate Spot",
        "cost" => "Cost of 30 days",
        "githubRegistrations" => "GitHub registrations",
        "githubRequests" => "GitHub requests",
        "githubRefusals" => "GitHub refusals",
        "costPerThousandJobs" => "Cost of 1,000 jobs",
        "apiBudget" | "apiBudgetUsed" => "API budget used",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let text = words(name);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        let said =
            [0.0, 0.0021, 0.35, 1.25, 9.96, 38.2, 59.7, 312.0, 3_600.0, 3_899.0, 86_399.0, 183_600.0].map(duration);
        let meant = [
            "0 s", "2.1 ms", "350 ms", "1.2 s", "10 s", "38 s", "1 m", "5 m 12 s", "1 h", "1 h 5 m", "24 h", "2 d 3 h",
        ];
        assert_eq!(said, meant.map(str::to_owned));
    }

    #[test]
    fn counts_money_and_shares() {
        assert_eq!([1_234.0, 999_999.6, 12.4, 0.0, -1_500.0].map(count), ["1,234", "1,000,000", "12.4", "0", "−1,500"]);
        assert_eq!(
            [12.3, 1_234.4, 0.0042, 999.999, 0.0].map(money),
            ["$12.30", "$1,234", "$0.0042", "$1,000", "$0.00"]
        );
        assert_eq!([0.9995, 1.0, 0.5, 0.999_999].map(share), ["99.95 %", "100 %", "50 %", "> 99.99 %"]);
    }

    #[test]
    fn what_is_not_a_number_is_a_dash() {
        for unit in ["s", "share", "USD", "ratio", "count"] {
            assert_eq!(quantity(unit, f64::NAN), NOTHING);
            assert_eq!(quantity(unit, f64::INFINITY), NOTHING);
        }
        assert_eq!(value("s", &Estimate { value: Some(f64::NAN), low: None, high: None }), NOTHING);
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words("regionOutage"), "region outage");
        assert_eq!([label("sqs"), label("healthChecks"), label("")], ["SQS", "Health checks", ""]);
    }
}
