//! `tidegate-live provision`: makes what the daemon needs in AWS. Knows what is printed; must not know how anything is made.

use super::{End, Files, print};
use crate::aws::provision::{Plan, Provision, ProvisionError, State};
use std::fmt::Write;

pub(super) fn provision(files: &Files, dry_run: bool) -> Result<End, End> {
    let (policy, config) = files.read()?;
    let runtime = super::runtime()?;
    let bar = indicatif::ProgressBar::new_spinner();
    bar.set_message("asking AWS; a new replica takes minutes");
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let plan: Result<Plan, ProvisionError> = runtime.block_on(async {
        let provision = Provision::connect(&config, &policy.policy).await;
        if dry_run { provision.plan().await } else { provision.apply().await }
    });
    bar.finish_and_clear();
    Ok(match plan {
        Err(error @ ProvisionError::NotThreeRegions(_)) => {
            eprintln!("tidegate-live: {error}");
            End::Input
        }
        Err(error) => {
            eprintln!("tidegate-live: {error}");
            End::Environment
        }
        Ok(plan) => {
            let differs = plan.steps.iter().filter(|step| matches!(step.state, State::Differs(_))).count();
            let mut text = plan.to_string();
            let last = match (differs, dry_run, plan.is_done()) {
                (0, _, true) => "all is there already".to_owned(),
                (0, true, false) => "nothing was changed: this was a dry run".to_owned(),
                (0, false, false) => "done".to_owned(),
                (differs, ..) => format!("{differs} differ in what cannot be changed: somebody must look"),
            };
            let _ = writeln!(text, "{last}");
            let end = print(&text);
            if end == End::Well && differs > 0 { End::Wrong } else { end }
        }
    })
}
