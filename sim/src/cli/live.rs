//! `tidegate live ...`: the production switch. Knows how to find the daemon; must not know what it does.

use super::End;
use std::ffi::OsString;
use std::process::Command;

pub(super) fn hand_over(arguments: &[OsString]) -> End {
    match Command::new("tidegate-live").args(arguments).status() {
        Ok(status) => match status.code() {
            Some(0) => End::Well,
            Some(1) => End::NotMet,
            Some(2) => End::Input,
            Some(_) | None => End::Environment,
        },
        Err(error) => {
            eprintln!("tidegate: cannot start `tidegate-live`: {error}; is the daemon installed and on the PATH?");
            End::Environment
        }
    }
}
