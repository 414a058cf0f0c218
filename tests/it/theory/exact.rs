//! Exact results of queueing theory, written anew from the textbooks: the simulator shares no line with them.

/// The share of calls lost by `servers` servers without a waiting room under an offered load in erlangs.
///
/// Erlang's B formula by its recursion: Cooper, Introduction to Queueing Theory (1981), (3.5) of chapter 3; Iversen,
/// Teletraffic Engineering Handbook (ITU-D), 7.4.
pub(crate) fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, n| offered * lost / (f64::from(n) + offered * lost))
}

/// The share of arrivals that must wait in M/M/c. Erlang's C formula from B: Cooper (1981), chapter 3, (4.8).
pub(crate) fn erlang_c(servers: u32, offered: f64) -> f64 {
    let (c, lost) = (f64::from(servers), erlang_b(servers, offered));
    c * lost / (c - offered * (1.0 - lost))
}

/// The mean wait in M/M/c, in mean services: `C / (c - a)`. Kleinrock, Queueing Systems I (1975), 3.5.
pub(crate) fn wait_mmc(servers: u32, load: f64) -> f64 {
    let c = f64::from(servers);
    erlang_c(servers, load * c) / (c * (1.0 - load))
}

/// The wait in M/M/c that a share of all jobs stays below, in mean services: `P(W > t) = C exp(-(c - a) t)`, Kleinrock I
/// (1975), 3.5.
pub(crate) fn wait_quantile_mmc(servers: u32, load: f64, share: f64) -> f64 {
    let c = f64::from(servers);
    (erlang_c(servers, load * c) / (1.0 - share)).ln().max(0.0) / (c * (1.0 - load))
}

/// The mean wait in M/G/1, in mean services: Pollaczek and Khinchine, Kleinrock I (1975), (5.69). `cv`: standard
/// deviation of the service over its mean.
pub(crate) fn wait_mg1(cv: f64, load: f64) -> f64 {
    load * (1.0 + cv * cv) / (2.0 * (1.0 - load))
}

/// The standard deviation of the logarithm of a lognormal number of that coefficient of variation.
pub(crate) fn lognormal_sigma(cv: f64) -> f64 {
    (1.0 + cv * cv).ln().sqrt()
}

/// The share spilled when a job is sent away as soon as the last report and the jobs placed since fill all servers.
///
/// That is what a node can know: a job that ended since the last report still counts. Every `every` (in mean
/// services) comes a report with the true number `n` of busy servers; from then on `c - n` arrivals stay and the rest
/// are spilled, until the next report. The numbers at the reports are a Markov chain; its law and the share spilled
/// follow without any simulation: uniformization within an interval, the elimination of Grassmann, Taksar and Heyman
/// for the chain (Stewart, Introduction to the Numerical Solution of Markov Chains, 1994, 2.5 and 8.4). As `every`
/// goes to zero the share goes to Erlang B.
pub(crate) fn spilled(servers: u32, offered: f64, every: f64) -> f64 {
    let c = servers as usize;
    let rows: Vec<(Vec<f64>, f64)> = (0..=c).map(|busy| one_interval(c, busy, offered, every)).collect();
    let law = stationary(rows.iter().map(|row| row.0.clone()).collect());
    law.iter().zip(&rows).map(|(chance, row)| chance * row.1).sum()
}

/// From `busy` servers at a report: the law of the number at the next, and the share of the time in between in which
/// arrivals are spilled.
fn one_interval(c: usize, busy: usize, offered: f64, every: f64) -> (Vec<f64>, f64) {
    let room = c - busy;
    let rate = offered + c as f64; // of the uniformized process: arrivals, and all servers as if busy
    let mean = rate * every;
    let terms = (mean + 12.0 * mean.sqrt() + 40.0) as usize;
    let mut now = vec![vec![0.0; c + 1]; room + 1]; // by placements since the report, and truly busy servers
    now[0][busy] = 1.0;
    let (mut poisson, mut tail) = ((-mean).exp(), 1.0);
    let (mut end, mut full) = (vec![0.0; c + 1], 0.0);
    for step in 0..terms {
        tail -= poisson;
        full += tail.max(0.0) * now[room].iter().sum::<f64>();
        for row in &now {
            end.iter_mut().zip(row).for_each(|(sum, chance)| *sum += poisson * chance);
        }
        now = jump(&now, offered, rate);
        poisson *= mean / (step + 1) as f64;
    }
    (end, full / mean)
}

/// One event of the uniformized process.
fn jump(now: &[Vec<f64>], offered: f64, rate: f64) -> Vec<Vec<f64>> {
    let (room, c) = (now.len() - 1, now[0].len() - 1);
    let mut next = vec![vec![0.0; c + 1]; room + 1];
    for (placed, row) in now.iter().enumerate() {
        for (busy, chance) in row.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
            let (to, up) = if placed < room { (placed + 1, busy + 1) } else { (placed, busy) };
            next[to][up] += chance * offered / rate;
            if busy > 0 {
                next[placed][busy - 1] += chance * busy as f64 / rate;
            }
            next[placed][busy] += chance * (c - busy) as f64 / rate;
        }
    }
    next
}

/// The stationary law of a chain, without a subtraction (Grassmann, Taksar and Heyman, 1985).
fn stationary(mut p: Vec<Vec<f64>>) -> Vec<f64> {
    let n = p.len();
    for k in (1..n).rev() {
        let left: f64 = p[k][..k].iter().sum();
        for i in 0..k {
            p[i][k] /= left;
            for j in 0..k {
                p[i][j] += p[i][k] * p[k][j];
            }
        }
    }
    let mut law = vec![1.0; n];
    for k in 1..n {
        law[k] = (0..k).map(|i| law[i] * p[i][k]).sum();
    }
    let whole: f64 = law.iter().sum();
    law.iter().map(|chance| chance / whole).collect()
}

/// Erlang's tables: the load that so many servers carry at a loss of 1 % (Cooper 1981, appendix A; Iversen, 7.6).
const ONE_PERCENT: [(u32, f64); 10] = [
    (1, 0.0101),
    (2, 0.153),
    (5, 1.36),
    (10, 4.46),
    (15, 8.11),
    (17, 9.65),
    (18, 10.4),
    (20, 12.0),
    (50, 37.9),
    (100, 84.1),
];

#[test]
fn erlang_b_is_that_of_the_tables() {
    for (servers, offered) in ONE_PERCENT {
        let (low, high) = (erlang_b(servers, offered * 0.995), erlang_b(servers, offered * 1.005));
        assert!(low < 0.01 && 0.01 < high, "{servers} servers at {offered}: between {low} and {high}, not 1 %");
    }
    assert!((erlang_b(2, 1.0) - 0.2).abs() < 1e-15, "a^2/2 / (1 + a + a^2/2)");
}

#[test]
fn waits_are_those_of_the_textbooks() {
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
    // Hillier and Lieberman, Introduction to Operations Research, the county hospital: 2 patients an hour, 20 minutes
    // each; one doctor: 2/3 h, two doctors: 1/24 h.
    near(wait_mmc(1, 2.0 / 3.0) / 3.0, 2.0 / 3.0);
    near(wait_mmc(2, 1.0 / 3.0) / 3.0, 1.0 / 24.0);
    // Gross and Harris, Fundamentals of Queueing Theory, example 2.1, the eye clinic: 6 an hour, 20 minutes each, three
    // doctors: 8/9 wait on average, that is 4/27 h each.
    near(wait_mmc(3, 2.0 / 3.0) / 3.0, 4.0 / 27.0);
    near(erlang_c(1, 0.7), 0.7);
    near(erlang_c(2, 1.0), 1.0 / 3.0);
    near(wait_mg1(1.0, 0.8), wait_mmc(1, 0.8));
    near(wait_mg1(0.0, 0.8), wait_mmc(1, 0.8) / 2.0); // M/D/1: half of it
}

#[test]
fn late_reports_spill_more_and_fresh_ones_as_erlang_says() {
    // One server: after each report with the server free the next job stays and all others go; by hand.
    let (offered, every) = (0.7, 0.4);
    let mean_wait = |rate: f64| (1.0 - (-rate * every).exp()) / rate;
    let stays = (-every).exp(); // a busy server is busy still
    let filled = offered * ((-every).exp() - (-offered * every).exp()) / (offered - 1.0); // one taken is busy at the end
    let busy = filled / (filled + 1.0 - stays);
    let expected = busy + (1.0 - busy) * (1.0 - mean_wait(offered) / every);
    assert!((spilled(1, offered, every) - expected).abs() < 1e-12);
    for (servers, offered) in [(1, 0.5), (2, 1.0), (5, 4.0), (17, 14.0)] {
        let exact = erlang_b(servers, offered);
        let [coarse, fine] = [1e-2, 1e-4].map(|every| spilled(servers, offered, every) / exact - 1.0);
        assert!(0.0 < fine && fine < coarse, "{servers}: {coarse} and {fine}");
        assert!(fine < f64::from(servers) * 1e-4, "{servers}: the excess is about c/2 times the interval, not {fine}");
    }
}
