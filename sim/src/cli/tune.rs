//! `tidegate tune`: scenarios in, a policy and the evidence for it out. Knows the order of these; must not know how a search
//! works, nor what is in the evidence.

pub(super) mod args;

use super::progress::Bar;
use super::{End, Format, inputs, print};
use crate::experiment::tune::evidence::{About, evidence};
use crate::experiment::tune::scenarios::Scenarios;
use crate::experiment::tune::space::Axis;
use crate::experiment::tune::{Plan, complete, least, make_sense, standard, tune};
use crate::experiment::{Progress, order_regions};
use crate::output::{self, WriteError};
use crate::scenario::Scenario;
use crate::scenario::file::{MAX_RUNS, Overrides, policy_text, quoted};
use crate::scenario::setting::Setting;
use args::TuneArgs;
use std::io::IsTerminal;
use std::path::Path;
use tidegate_reports::export::tune::terminal;
use tidegate_reports::model::Verdict;
use tidegate_reports::tune::Tuned;

/// The thresholds that the product began with, tried whatever the policy says.
const SEED: [(&str, &str); 3] = [("queueDepth", "100"), ("concurrencyPercent", "80"), ("errorRate", "0.05")];

pub(super) fn run(args: &TuneArgs) -> End {
    let overrides = args.files.overrides(None, args.seed);
    let Some(mut scenarios) = inputs::read_all(&args.scenarios, overrides) else { return End::Input };
    let plan = plan(args, &scenarios);
    let known: Result<(), String> = scenarios.iter().try_for_each(Scenario::has_its_warm_up);
    if let Err(message) = known.and_then(|()| check(args, &scenarios, &plan)) {
        eprintln!("tidegate: {message}");
        return End::Input;
    }
    scenarios.iter_mut().for_each(order_regions);
    let pool = match inputs::threads(args.usual.threads) {
        Ok(pool) => pool,
        Err(end) => return end,
    };
    pool.install(|| search(args, &scenarios, &plan)).unwrap_or_else(|error| {
        eprintln!("tidegate: {error}");
        End::Environment
    })
}

fn plan(args: &TuneArgs, scenarios: &[Scenario]) -> Plan {
    let first = &scenarios[0];
    let mut axes = if args.over.is_empty() { standard(&first.policy) } else { args.over.clone() };
    complete(&mut axes, &first.policy);
    let seed = SEED.map(|(path, value)| Setting::new(path, value)).to_vec();
    Plan {
        axes,
        references: vec![("own policy".to_owned(), Vec::new()), ("seed's 100 / 80 / 5".to_owned(), seed)],
        budget: args.budget,
        confidence: args.confidence,
        indifference: args.indifference,
        runs_first: args.runs_first,
        seed: first.seed,
    }
}

/// What only the files and the arguments together can tell.
fn check(args: &TuneArgs, scenarios: &[Scenario], plan: &Plan) -> Result<(), String> {
    let first = &scenarios[0];
    let of = |axis: &Axis| Setting::new(&axis.path, "0");
    for (n, axis) in args.over.iter().enumerate() {
        let path = &axis.path;
        if args.over[..n].iter().any(|other| of(other).overlaps(&of(axis))) {
            return Err(format!("{path} is searched twice: give all its values to one --over"));
        }
        if args.files.settings.iter().any(|setting| setting.overlaps(&of(axis))) {
            return Err(format!("{path} is both set and searched: leave out --set or --over"));
        }
    }
    if let Some(other) = scenarios.iter().find(|other| other.policy != first.policy) {
        let (one, other) = (&first.input.name, &other.input.name);
        return Err(format!("{one} and {other} have different policies: name the one to begin with by --policy"));
    }
    if scenarios.iter().all(|scenario| scenario.objectives.is_empty()) {
        return Err("there are no objectives: nothing at all would be the cheapest; give a scenario some".to_owned());
    }
    let name = args.minimize.name();
    let money = args.minimize.unit() == "USD" || name == "costRatio";
    if let Some(ideal) = scenarios.iter().find(|scenario| money && scenario.world.ideal) {
        let name = &ideal.input.name;
        return Err(format!(
            "in world `ideal` of {name} nothing has a price: say what to minimise, as by --minimize maxRunners"
        ));
    }
    let least = least(plan, scenarios.len() as u64);
    if args.budget < least {
        return Err(format!(
            "--budget {}: expected {least} at least, or every candidate has too few runs",
            args.budget
        ));
    }
    let last = first.seed.checked_add(2 * u64::from(MAX_RUNS));
    last.map(|_| ()).ok_or_else(|| format!("seed {}: there must be {} more behind it", first.seed, 2 * MAX_RUNS))
}

fn search(args: &TuneArgs, scenarios: &[Scenario], plan: &Plan) -> Result<End, WriteError> {
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.input.name.as_str()).collect();
    let folder =
        args.out.clone().unwrap_or_else(|| Path::new("target/tidegate").join(format!("tune-{}", names.join("-"))));
    let bar = Bar::new(args.usual.quiet, format!("tune {}", names.join(", ")));
    let over = args.files.overrides(None, args.seed);
    let problem = Scenarios::new(scenarios, over, args.minimize, &bar);
    if let Err(message) = make_sense(&problem, &plan.axes) {
        eprintln!("tidegate: {message}");
        return Ok(End::Input);
    }
    // Before minutes of work: may we write there?
    output::probe(&folder)?;
    if let Some(folder) = args.write.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) {
        output::probe(folder)?;
    }
    if let Some(folder) = args.write.as_ref().filter(|path| path.is_dir()) {
        eprintln!("tidegate: --write {}: expected a file, and this is a folder", folder.display());
        return Ok(End::Input);
    }
    bar.begin(args.budget);
    let done = tune(&problem, plan);
    bar.clear();
    let done = match done {
        Ok(done) => done,
        Err(message) => {
            eprintln!("tidegate: {message}");
            return Ok(End::Input);
        }
    };
    let reproduce = reproduce(args, scenarios);
    let about = About { scenarios, minimized: args.minimize, plan, reproduce: &reproduce };
    let tuned = evidence(&about, &problem, &done);
    let policy = done.selected.winner.map(|winner| {
        let settings = &done.candidates[done.selected.finalists[winner].candidate].settings;
        let all: Vec<Setting> = over.settings.iter().chain(settings).cloned().collect();
        policy_text(&args.scenarios[0], Overrides { settings: &all, ..over })
    });
    write(args, &folder, &tuned, policy)
}

/// Writes everything and prints the result.
fn write(
    args: &TuneArgs,
    folder: &Path,
    tuned: &Tuned,
    policy: Option<Result<String, crate::scenario::file::ReadError>>,
) -> Result<End, WriteError> {
    let page = output::write_tuned(folder, tuned)?;
    let mut lies = vec![("Report", page.display().to_string())];
    match policy {
        Some(Ok(text)) => {
            let own = folder.join("policy.json");
            for path in [Some(&own), args.write.as_ref()].into_iter().flatten() {
                output::write_whole(path, text.as_bytes())?;
                lies.push(("Policy", path.display().to_string()));
            }
        }
        Some(Err(error)) => {
            eprintln!("tidegate: the files were changed during the search: {error}");
            return Ok(End::Input);
        }
        None => eprintln!("tidegate: no policy is written, for none was shown to keep all objectives"),
    }
    let mut end = print(&match args.usual.format {
        Format::Text => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            terminal(tuned, 100, colour, &lies)
        }
        Format::Json => format!("{}\n", serde_json::to_value(tuned).map(|v| v.to_string()).unwrap_or_default()),
    });
    if tuned.verdict != Some(Verdict::Met) {
        end = end.max(End::NotMet);
    }
    Ok(end)
}

fn reproduce(args: &TuneArgs, scenarios: &[Scenario]) -> String {
    let files: Vec<String> = scenarios.iter().map(|scenario| quoted(&scenario.input.path)).collect();
    let axis = |axis: &Axis| {
        let ends = axis.ends().replace(" .. ", "..").replace(" | ", "|");
        let quote = if ends.contains('|') { "'" } else { "" };
        format!(" --over {quote}{}={ends}{quote}", axis.path)
    };
    let axes: String = args.over.iter().map(axis).collect();
    let minimize = match args.minimize.name() {
        name if name == "cost" => String::new(),
        name => format!(" --minimize {name}"),
    };
    format!(
        "tidegate tune {}{}{axes}{minimize} --budget {} --confidence {} --indifference {} --runs-first {} --seed {}",
        files.join(" "),
        scenarios[0].over,
        args.budget,
        args.confidence,
        args.indifference,
        args.runs_first,
        scenarios[0].seed,
    )
}
