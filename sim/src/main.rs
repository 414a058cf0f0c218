//! The command line.
#![allow(clippy::print_stdout, clippy::print_stderr)]
fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let scenario = match tidegate_sim::scenario::file::read(std::path::Path::new(&path), Default::default()) {
        Ok(s) => s,
        Err(e) => { eprintln!("{e}"); std::process::exit(2) }
    };
    let frame = tidegate_sim::run::frame(&scenario, true);
    let n: u64 = std::env::args().nth(2).map_or(1, |n| n.parse().unwrap());
    for seed in 1..=n {
        let t = std::time::Instant::now();
        let out = tidegate_sim::run::run(&scenario, seed, &frame, Default::default());
        let dt = t.elapsed().as_secs_f64();
        println!("seed {seed} {} events {} in {dt:.3}s {:.0} ev/s digest {}", out.most_jobs, out.events, out.events as f64 / dt, out.digest);
        for b in &out.broken { println!("{b:?}"); }
        if seed == 1 {
        let report = tidegate_reports::summary::summarize(&frame, &[out.measures], None, &scenario.objectives);
        println!("{}", tidegate_reports::export::terminal::terminal(&report, 100, false, "x"));
        println!("{:?}", report.summary.counts.iter().map(|(k,v)| (k.as_str(), v.value.unwrap_or(-1.0))).collect::<Vec<_>>());
        }
    }
}
